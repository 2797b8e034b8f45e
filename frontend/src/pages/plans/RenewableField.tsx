import { Slider } from '../../components/Slider';
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
  const commit = (text: string) => {
    onChange(Number(text));
  };
  const [text, setText] = useDraft(value.toString(), always, commit, SETTLE_MS);
  return (
    <Slider
      label="Renewable"
      value={Number(text)}
      step={5}
      shown={text === '0' ? 'Any' : `${text}% or more`}
      onChange={(percent) => {
        setText(percent.toString());
      }}
    />
  );
}
