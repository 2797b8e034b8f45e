import { useId } from 'react';

interface SliderProps {
  label: string;
  /** Percent or points. */
  value: number;
  step?: number;
  /** The value as it is shown. */
  shown: string;
  /** The value as it is read out, where that is not what is shown. */
  spoken?: string;
  onChange: (value: number) => void;
}

/** A number from 0 to 100. */
export function Slider({ label, value, step = 1, shown, spoken = shown, onChange }: SliderProps) {
  const id = useId();
  return (
    <div className="field">
      <div className="field__row">
        <label htmlFor={id}>{label}</label>
        <span aria-hidden="true">{shown}</span>
      </div>
      <input
        id={id}
        type="range"
        min={0}
        max={100}
        step={step}
        value={value}
        aria-valuetext={spoken}
        onChange={(event) => {
          onChange(Number(event.target.value));
        }}
      />
    </div>
  );
}
