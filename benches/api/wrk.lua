-- Prints what wrk found as one JSON document.
done = function(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"requests_per_s":%.1f,"p50_ms":%.3f,"p95_ms":%.3f,"p99_ms":%.3f,"max_ms":%.1f,"errors":%d}\n',
    summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.status + errors.timeout + errors.connect + errors.read + errors.write))
end
