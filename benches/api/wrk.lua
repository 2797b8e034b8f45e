-- Requests the paths in the file that the environment variable PATHS names, each thread its share of them in turn, or
-- else the URL's own. Prints what wrk found as one JSON document.
local file = os.getenv("PATHS")
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

if file then
  local requests, last = {}, 0

  function init(_)
    local line = 0
    for path in io.lines(file) do
      if line % 2 == number then requests[#requests + 1] = wrk.format(nil, path) end
      line = line + 1
    end
  end

  function request()
    last = last % #requests + 1
    return requests[last]
  end
end

done = function(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"requests_per_s":%.1f,"p50_ms":%.3f,"p95_ms":%.3f,"p99_ms":%.3f,"max_ms":%.1f,"errors":%d}\n',
    summary.requests, summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.status + errors.timeout + errors.connect + errors.read + errors.write))
end
