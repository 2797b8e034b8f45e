import { useId, useState } from 'react';
import { useNavigate } from 'react-router';
import { filtersToSearch, isZipCode } from '../../lib/filters';
import './ZipSearch.css';

/** Goes to the catalogue of a ZIP code. */
export function ZipSearch() {
  const id = useId();
  const navigate = useNavigate();
  const [zip, setZip] = useState('');
  const [refused, setRefused] = useState(false);
  return (
    <form
      role="search"
      aria-label="Plans by ZIP code"
      className="zip-search"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (isZipCode(zip)) {
          void navigate({ pathname: '/plans', search: filtersToSearch({ zip_code: zip }) });
        } else {
          setRefused(true);
        }
      }}
    >
      <label htmlFor={id}>Your ZIP code</label>
      <div className="zip-search__row">
        <input
          id={id}
          inputMode="numeric"
          autoComplete="postal-code"
          maxLength={5}
          placeholder="75201"
          value={zip}
          aria-invalid={refused}
          aria-describedby={`${id}-hint`}
          onChange={(event) => {
            setRefused(false);
            setZip(event.target.value.trim());
          }}
        />
        <button type="submit" className="button">
          See plans
        </button>
      </div>
      <p id={`${id}-hint`} role="alert" className="field__error">
        {refused && 'Enter a ZIP code of five digits.'}
      </p>
    </form>
  );
}
