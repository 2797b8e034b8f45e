import { Choice } from '../../components/Choice';
import { countFilters, NO_FILTERS, type Changes, type PlanFilters } from '../../lib/filters';
import { contractLabel, PLAN_TYPES, RATE_TYPES } from '../../lib/plan';
import { RenewableField } from './RenewableField';
import { SelectField } from './SelectField';
import { ZipField } from './ZipField';
import './FilterPanel.css';

interface FilterPanelProps {
  filters: PlanFilters;
  onChange: (change: Changes) => void;
}

const options = <Key extends string>(labels: Record<Key, string>) =>
  (Object.entries(labels) as [Key, string][]).map(([value, label]) => ({ value, label }));

const PLAN_TYPE_OPTIONS = [{ value: 'any', label: 'Any' } as const, ...options(PLAN_TYPES)];
const RATE_TYPE_OPTIONS = options(RATE_TYPES);
const CONTRACT_LENGTHS = [0, 6, 12, 24, 36];

export function FilterPanel({ filters, onChange }: FilterPanelProps) {
  const active = countFilters(filters);
  return (
    <details className="filters" open={isWide()}>
      <summary>Filters{active > 0 && ` (${active})`}</summary>
      <form
        role="search"
        aria-label="Filter plans"
        onSubmit={(event) => {
          event.preventDefault();
        }}
      >
        <ZipField
          value={filters.zip_code ?? ''}
          onChange={(zip) => {
            onChange({ zip_code: zip === '' ? undefined : zip });
          }}
        />
        <Choice
          legend="For"
          options={PLAN_TYPE_OPTIONS}
          value={filters.plan_type ?? 'any'}
          onChange={(type) => {
            onChange({ plan_type: type === 'any' ? undefined : type });
          }}
        />
        <SelectField
          label="Rate"
          anyLabel="Any rate"
          options={RATE_TYPE_OPTIONS}
          value={filters.rate_type}
          onChange={(rate_type) => {
            onChange({ rate_type });
          }}
        />
        <RenewableField
          value={filters.min_renewable ?? 0}
          onChange={(percent) => {
            onChange({ min_renewable: percent === 0 ? undefined : percent });
          }}
        />
        <SelectField
          label="Longest contract"
          anyLabel="Any length"
          options={contractOptions(filters.max_contract_length)}
          value={filters.max_contract_length?.toString()}
          onChange={(months) => {
            onChange({ max_contract_length: months === undefined ? undefined : Number(months) });
          }}
        />
        <button
          type="button"
          className="button button--quiet"
          onClick={() => {
            onChange(NO_FILTERS);
          }}
        >
          Clear filters
        </button>
      </form>
    </details>
  );
}

/** The usual lengths, and the one in the address bar should it be another. */
function contractOptions(current: number | undefined) {
  const lengths = new Set(CONTRACT_LENGTHS);
  if (current !== undefined) lengths.add(current);
  return [...lengths]
    .sort((a, b) => a - b)
    .map((months) => ({
      value: months.toString(),
      label: months === 0 ? contractLabel(0) : `Up to ${contractLabel(months)}`,
    }));
}

/** On a wide screen the filters stand beside the results; on a phone they start folded. */
const isWide = () => window.matchMedia('(min-width: 60rem)').matches;
