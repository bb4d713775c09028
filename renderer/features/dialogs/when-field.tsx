import type { RefObject } from 'react';
import { useId } from 'react';
import { previewText } from '../../time';
import { Button } from '../../ui/button';
import { seconds, useTicked } from '../../ui/ticker';
import { Block } from '../../ui/untrusted';
import type { Reading } from './reading';

interface WhenFieldProps {
  /** The field's accessible name, exactly. */
  label: string;
  text: string;
  onText: (text: string) => void;
  reading: Reading;
  presets: readonly string[];
  /** What an empty field means. */
  whenEmpty: string;
  field: RefObject<HTMLInputElement | null>;
}

/** A time as the user writes it, with presets and what main reads in it. */
export function WhenField({ label, text, onText, reading, presets, whenEmpty, field }: WhenFieldProps) {
  const id = useId();
  const choose = (preset: string) => {
    onText(preset);
    field.current?.focus();
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        ref={field}
        type="text"
        className="input"
        value={text}
        placeholder="8 h, 90 min, until 07:00"
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        aria-describedby={`${id}-preview`}
        aria-invalid={reading.kind === 'refused'}
        onChange={(event) => onText(event.target.value)}
      />
      <div className="presets" role="group" aria-label="Suggestions">
        {presets.map((preset) => (
          <Button key={preset} look="quiet" aria-pressed={text === preset} onClick={() => choose(preset)}>
            {preset}
          </Button>
        ))}
      </div>
      <div id={`${id}-preview`} className="preview" role="status" data-reading={reading.kind}>
        <Preview reading={reading} whenEmpty={whenEmpty} />
      </div>
    </div>
  );
}

function Preview({ reading, whenEmpty }: { reading: Reading; whenEmpty: string }) {
  switch (reading.kind) {
    case 'empty':
      return whenEmpty;
    case 'unread':
      return <span aria-hidden="true">…</span>;
    case 'step':
      return 'Moves the alarm by this much.';
    case 'read':
      return <Due due={reading.due} ms={reading.ms} />;
    case 'refused':
      return (
        <>
          <Block text={reading.refusal.message} />
          {reading.refusal.remedy === undefined ? null : (
            <Block text={reading.refusal.remedy} className="remedy" />
          )}
        </>
      );
  }
}

/** A clock time stays while the seconds pass; what is left of it does not. */
function Due({ due, ms }: { due: number; ms: number | null }) {
  return useTicked(seconds, (now) => previewText(due, ms, now));
}
