import type { RefObject } from 'react';
import { useId } from 'react';

interface SegmentsProps<T extends string> {
  /** The accessible name of the choice; seen too, unless `labelHidden`. */
  label: string;
  labelHidden?: boolean;
  options: readonly { value: T; label: string }[];
  value: T;
  onValue: (value: T) => void;
  /** The one that is chosen. */
  field?: RefObject<HTMLInputElement | null> | undefined;
}

/** One of a few: radio buttons, drawn as one bar. */
export function Segments<T extends string>({ label, labelHidden = false, options, value, onValue, field }: SegmentsProps<T>) {
  const name = useId();
  return (
    <fieldset className="segments">
      <legend className={labelHidden ? 'unseen' : undefined}>{label}</legend>
      <div className="segments-bar">
        {options.map((option) => (
          <label key={option.value} className="segment">
            <input
              type="radio"
              ref={option.value === value ? field : undefined}
              name={name}
              className="segment-input"
              checked={option.value === value}
              onChange={() => onValue(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
