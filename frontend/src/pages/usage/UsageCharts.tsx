import {
  Area,
  AreaChart,
  Bar,
  BarChart,
  CartesianGrid,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import type { UsageMonth } from '../../api/types';
import { formatKwh, formatMonth, formatMoney, formatWholeMoney } from '../../lib/format';
import { ChartTooltip } from './ChartTooltip';

const HEIGHT = 260;
const MARGIN = { top: 8, right: 8, bottom: 0, left: 0 };
const AXIS = { tickLine: false, axisLine: false } as const;

/** A chart of power and one of cost. Nothing moves: the numbers are there at once. */
export default function UsageCharts({ months }: { months: UsageMonth[] }) {
  return (
    <div className="charts">
      <figure className="chart">
        <figcaption>Power used (kWh)</figcaption>
        <ResponsiveContainer width="100%" height={HEIGHT}>
          <BarChart data={months} margin={MARGIN} title="Power used, by month">
            <CartesianGrid vertical={false} />
            <XAxis
              dataKey="month"
              tickFormatter={formatMonth}
              interval="equidistantPreserveStart"
              {...AXIS}
            />
            <YAxis width={48} {...AXIS} />
            <Tooltip content={<ChartTooltip format={formatKwh} />} isAnimationActive={false} />
            <Bar dataKey="kwh" radius={[5, 5, 0, 0]} isAnimationActive={false} />
          </BarChart>
        </ResponsiveContainer>
      </figure>
      <figure className="chart chart--cost">
        <figcaption>Cost (dollars)</figcaption>
        <ResponsiveContainer width="100%" height={HEIGHT}>
          <AreaChart data={months} margin={MARGIN} title="Cost, by month">
            <CartesianGrid vertical={false} />
            <XAxis
              dataKey="month"
              tickFormatter={formatMonth}
              interval="equidistantPreserveStart"
              {...AXIS}
            />
            <YAxis width={48} tickFormatter={formatWholeMoney} {...AXIS} />
            <Tooltip content={<ChartTooltip format={formatMoney} />} isAnimationActive={false} />
            <Area dataKey="cost_cents" type="monotone" isAnimationActive={false} />
          </AreaChart>
        </ResponsiveContainer>
      </figure>
    </div>
  );
}
