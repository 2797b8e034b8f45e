import type { TooltipContentProps } from 'recharts';
import { formatMonth } from '../../lib/format';

interface ChartTooltipProps extends Partial<TooltipContentProps> {
  format: (value: number) => string;
}

/** Recharts passes everything but `format`. */
export function ChartTooltip({ active, payload, label, format }: ChartTooltipProps) {
  const value: unknown = payload?.[0]?.value;
  if (active !== true || typeof value !== 'number') return null;
  return (
    <div className="chart-tooltip">
      <strong>{format(value)}</strong>
      {formatMonth(String(label))}
    </div>
  );
}
