import { useId } from 'react';

interface SelectFieldProps<T extends string> {
  label: string;
  /** The choice that does not filter. */
  anyLabel: string;
  options: { value: T; label: string }[];
  value: T | undefined;
  onChange: (value: T | undefined) => void;
}

export function SelectField<T extends string>(props: SelectFieldProps<T>) {
  const { label, anyLabel, options, value, onChange } = props;
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value ?? ''}
        onChange={(event) => {
          onChange(options.find((option) => option.value === event.target.value)?.value);
        }}
      >
        <option value="">{anyLabel}</option>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
