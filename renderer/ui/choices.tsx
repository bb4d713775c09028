import type { ReactNode } from 'react';
import { useId } from 'react';

/** One of several: a group of radio buttons under a legend. */
export function Choices({ legend, children }: { legend: string; children: ReactNode }) {
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}

interface ChoiceProps<T extends string> {
  /** The same for all of a group. */
  name: string;
  value: T;
  chosen: T;
  onChoose: (value: T) => void;
  label: string;
  /** It can't be chosen now; the explanation says why. */
  disabled?: boolean;
  /** What it means, or why it can't be chosen: read out as its description. */
  children?: ReactNode;
}

export function Choice<T extends string>(props: ChoiceProps<T>) {
  const { name, value, chosen, onChoose, label, disabled = false, children } = props;
  const id = useId();
  return (
    <div className="choice" data-disabled={disabled}>
      <input
        type="radio"
        id={id}
        name={name}
        value={value}
        checked={chosen === value}
        disabled={disabled}
        aria-describedby={children === undefined ? undefined : `${id}-more`}
        onChange={() => onChoose(value)}
      />
      <label htmlFor={id}>
        <bdi>{label}</bdi>
      </label>
      {children === undefined ? null : (
        <p className="choice-more" id={`${id}-more`}>
          {children}
        </p>
      )}
    </div>
  );
}
