import type { RefObject, SubmitEvent } from 'react';
import { useId, useRef } from 'react';
import { call } from '../../bridge';
import type { SecretPrompt } from '../../prompts';
import { cleanLine } from '../../text';
import { Button } from '../../ui/button';
import { ModalFoot } from '../../ui/modal';
import { Refused } from '../../ui/refused';
import { Block } from '../../ui/untrusted';
import { Asking, Question } from './question';
import { useAnswer } from './use-answer';

const orElse = (text: string, otherwise: string): string => (text.trim() === '' ? otherwise : text.trim());

/**
 * Asks for a password, a passphrase, or whatever the server asks. The answers stay in the fields (React has no copy of
 * them) until they are sent; then the fields are emptied.
 */
export function SecretQuestion({ prompt }: { prompt: SecretPrompt }) {
  const { id: promptId, fields, instruction, again, canKeep } = prompt;
  const { answer, busy, refusal } = useAnswer(promptId);
  const form = useRef<HTMLFormElement>(null);
  const first = useRef<HTMLInputElement>(null);
  const againId = useId();

  const take = (): string[] => {
    const inputs = [...(form.current?.querySelectorAll<HTMLInputElement>('input[data-answer]') ?? [])];
    const answers = inputs.map((input) => input.value);
    for (const input of inputs) input.value = '';
    return answers;
  };
  const cancel = () => {
    take();
    answer(() => call('answerSecret', { promptId, answers: null, keep: false }));
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    const keep = form.current?.querySelector<HTMLInputElement>('input[data-keep]')?.checked === true;
    const answers = take();
    answer(() => call('answerSecret', { promptId, answers, keep }));
  };
  return (
    <Question
      role="dialog"
      icon="key"
      title={orElse(cleanLine(prompt.title), 'Sign in')}
      about={<Asking hostId={prompt.hostId} address={prompt.address} />}
      initialFocus={first}
      onCancel={cancel}
    >
      <form onSubmit={submit} ref={form} autoComplete="off">
        {again ? (
          <p className="refused" role="alert" id={againId}>
            That was not accepted.
          </p>
        ) : null}
        {instruction.trim() === '' ? null : (
          <blockquote className="server-text">
            <Block text={instruction.trim()} />
          </blockquote>
        )}
        {fields.map(({ label, echo }, place) => (
          <AnswerField
            key={place}
            label={orElse(cleanLine(label), 'Answer')}
            echo={echo}
            describedBy={again ? againId : undefined}
            field={place === 0 ? first : undefined}
          />
        ))}
        {canKeep ? (
          <label className="check">
            <input type="checkbox" data-keep="" />
            <span>Keep it on this computer</span>
          </label>
        ) : (
          <p className="hint">It is not kept on this computer: you are asked again when it is needed.</p>
        )}
        <div role="alert">{refusal === null ? null : <Refused refusal={refusal} />}</div>
        <ModalFoot>
          <Button onClick={cancel}>Cancel</Button>
          <Button look="primary" submit busy={busy}>
            Continue
          </Button>
        </ModalFoot>
      </form>
    </Question>
  );
}

interface AnswerFieldProps {
  label: string;
  echo: boolean;
  describedBy: string | undefined;
  field: RefObject<HTMLInputElement | null> | undefined;
}

function AnswerField({ label, echo, describedBy, field }: AnswerFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>
        <bdi>{label}</bdi>
      </label>
      <input
        id={id}
        ref={field}
        type={echo ? 'text' : 'password'}
        className="input"
        data-answer=""
        maxLength={10_000}
        spellCheck={false}
        autoComplete="off"
        aria-describedby={describedBy}
      />
    </div>
  );
}
