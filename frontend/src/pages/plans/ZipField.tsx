import { useId, useState } from 'react';
import { useDraft } from '../../hooks/useDraft';
import { isZipCode } from '../../lib/filters';

interface ZipFieldProps {
  /** Five digits, or empty. */
  value: string;
  onChange: (zip: string) => void;
}

/** Filters as soon as five digits stand there; complains only once the field is left. */
export function ZipField({ value, onChange }: ZipFieldProps) {
  const id = useId();
  const [text, setText] = useDraft(value, isComplete, onChange, 0);
  const [left, setLeft] = useState(false);
  const invalid = left && !isComplete(text);
  return (
    <div className="field">
      <label htmlFor={id}>ZIP code</label>
      <input
        id={id}
        inputMode="numeric"
        autoComplete="postal-code"
        maxLength={5}
        placeholder="Anywhere"
        value={text}
        aria-invalid={invalid}
        aria-describedby={invalid ? `${id}-hint` : undefined}
        onChange={(event) => {
          setLeft(false);
          setText(event.target.value.trim());
        }}
        onBlur={() => {
          setLeft(true);
        }}
      />
      {invalid && (
        <p id={`${id}-hint`} className="field__error">
          A ZIP code has five digits.
        </p>
      )}
    </div>
  );
}

const isComplete = (text: string) => text === '' || isZipCode(text);
