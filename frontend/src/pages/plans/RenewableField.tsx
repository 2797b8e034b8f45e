import { useId } from 'react';
import { useDraft } from '../../hooks/useDraft';

interface RenewableFieldProps {
  /** Percent; 0 is no minimum. */
  value: number;
  onChange: (percent: number) => void;
}

const SETTLE_MS = 250;
const always = () => true;

/** A slider that filters when it comes to rest. */
export function RenewableField({ value, onChange }: RenewableFieldProps) {
  const id = useId();
  const commit = (text: string) => {
    onChange(Number(text));
  };
  const [text, setText] = useDraft(value.toString(), always, commit, SETTLE_MS);
  const spoken = text === '0' ? 'Any' : `${text}% or more`;
  return (
    <div className="field">
      <div className="field__row">
        <label htmlFor={id}>Renewable</label>
        <span aria-hidden="true">{spoken}</span>
      </div>
      <input
        id={id}
        type="range"
        min={0}
        max={100}
        step={5}
        value={text}
        aria-valuetext={spoken}
        onChange={(event) => {
          setText(event.target.value);
        }}
      />
    </div>
  );
}
