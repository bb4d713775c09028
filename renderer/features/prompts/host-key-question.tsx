import { useId, useRef } from 'react';
import { call } from '../../bridge';
import type { HostKeyPrompt } from '../../prompts';
import { authorityNote, fingerprintCommand } from '../../prompts';
import { cleanLine } from '../../text';
import { Button } from '../../ui/button';
import { Copyable } from '../../ui/copyable';
import { ModalFoot } from '../../ui/modal';
import { Refused } from '../../ui/refused';
import { Block, Line } from '../../ui/untrusted';
import { Asking, Question } from './question';
import { useAnswer } from './use-answer';

/** A host key that no file knows. The focus starts on no button, so that a key meant for what was there before does nothing. */
export function HostKeyQuestion({ prompt }: { prompt: HostKeyPrompt }) {
  const { id: promptId, address, keyType, fingerprint, file } = prompt;
  const note = authorityNote(prompt);
  const { answer, busy, refusal } = useAnswer(promptId);
  const start = useRef<HTMLParagraphElement>(null);
  const headingId = useId();
  const say = (what: 'refuse' | 'once' | 'save') => answer(() => call('answerHostKey', { promptId, answer: what }));
  return (
    <Question
      role="alertdialog"
      icon="key"
      title="Unknown host key"
      about={<Asking hostId={prompt.hostId} address={address} />}
      initialFocus={start}
      onCancel={() => say('refuse')}
    >
      <p ref={start} tabIndex={-1} className="question-start">
        This computer has not seen this host’s key before. Compare its fingerprint with the host’s own before you accept
        it: if they differ, something else answers in its place.
      </p>
      <section className="fingerprint" aria-labelledby={headingId}>
        <h3 id={headingId}>
          Fingerprint (<Line text={keyType} />)
        </h3>
        <Copyable text={cleanLine(fingerprint)} label="Fingerprint" />
      </section>
      <details className="how-to-check">
        <summary>How to see it on the host</summary>
        <p>At the host itself, or over a connection you trust, run:</p>
        <Copyable text={fingerprintCommand(keyType)} label="Command to run on the host" />
      </details>
      {note === null ? null : (
        <p className="hint">
          <Block text={note} />
        </p>
      )}
      <p className="hint">
        {file === null ? (
          'It can be accepted for this run of Reveille only.'
        ) : (
          <>
            “Accept and save” adds it to <Block text={file} />.
          </>
        )}
      </p>
      <div role="alert">{refusal === null ? null : <Refused refusal={refusal} />}</div>
      <ModalFoot>
        <Button busy={busy} onClick={() => say('refuse')}>
          Refuse
        </Button>
        <Button look={file === null ? 'primary' : 'plain'} busy={busy} onClick={() => say('once')}>
          Accept once
        </Button>
        {file === null ? null : (
          <Button look="primary" busy={busy} onClick={() => say('save')}>
            Accept and save
          </Button>
        )}
      </ModalFoot>
    </Question>
  );
}
