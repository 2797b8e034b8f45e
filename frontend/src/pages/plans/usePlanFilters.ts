import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import {
  changeFilters,
  filtersToSearch,
  parseFilters,
  type Changes,
  type PlanFilters,
} from '../../lib/filters';

interface FilterState {
  filters: PlanFilters;
  setFilters: (change: Changes) => void;
}

/** The filters in the address bar: reload, back and shared links all keep them. */
export function usePlanFilters(): FilterState {
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => parseFilters(search), [search]);
  return {
    filters,
    setFilters: (change) => {
      setSearch(filtersToSearch(changeFilters(filters, change)));
    },
  };
}
