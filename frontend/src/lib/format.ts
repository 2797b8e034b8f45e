const locale = 'en-US';
const money = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD' });
const wholeMoney = new Intl.NumberFormat(locale, {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 0,
});
const rate = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 2 });
const count = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
// Dates of the API are calendar days: read and shown in UTC, they never shift by a time zone.
const date = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' });
const month = new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric', timeZone: 'UTC' });

/** 1250 → `$12.50` */
export const formatMoney = (cents: number) => money.format(cents / 100);

/** 125049 → `$1,250`, for amounts where cents are noise. */
export const formatWholeMoney = (cents: number) => wholeMoney.format(cents / 100);

/** 12.345 → `12.35¢` */
export const formatRate = (cents: number) => `${rate.format(cents)}¢`;

/** 1234.5 → `1,235 kWh` */
export const formatKwh = (kwh: number) => `${count.format(kwh)} kWh`;

/** 4500 → `4,500` */
export const formatCount = (n: number) => count.format(n);

/** `2026-11-01` or a full RFC 3339 timestamp → `November 1, 2026` */
export const formatDate = (text: string) => date.format(new Date(text));

/** `2026-11` → `Nov 2026` */
export const formatMonth = (text: string) => month.format(new Date(`${text}-01`));

const monthName = new Intl.DateTimeFormat(locale, { month: 'short', timeZone: 'UTC' });

/** 1 → `Jan` */
export const formatMonthName = (month: number) => monthName.format(Date.UTC(2026, month - 1));

/** 1 → `1 plan`, 2 → `2 plans` */
export const plural = (n: number, noun: string) =>
  `${count.format(n)} ${noun}${n === 1 ? '' : 's'}`;

/** 17 → `5 pm` */
export function formatHour(hour: number): string {
  const wrapped = hour % 24;
  return `${wrapped % 12 === 0 ? 12 : wrapped % 12} ${wrapped < 12 ? 'am' : 'pm'}`;
}
