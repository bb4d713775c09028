import { useRef } from 'react';
import { call } from '../../bridge';
import { guestCount } from '../../link-words';
import type { QuitPrompt } from '../../prompts';
import { guestName } from '../../text';
import { Button } from '../../ui/button';
import { ModalFoot } from '../../ui/modal';
import { Refused } from '../../ui/refused';
import { WakesAt } from '../../ui/times';
import { Line } from '../../ui/untrusted';
import { Question } from './question';
import { useAnswer } from './use-answer';

/** Whether to end the app while alarms depend on it. Staying has the focus, and is what Escape means. */
export function QuitQuestion({ prompt }: { prompt: QuitPrompt }) {
  const { id: promptId, alarms } = prompt;
  const { answer, busy, refusal } = useAnswer(promptId);
  const stay = useRef<HTMLButtonElement>(null);
  const say = (what: 'quit' | 'stay') => answer(() => call('answerQuit', { promptId, answer: what }));
  return (
    <Question
      role="alertdialog"
      icon="bell"
      title="Quit Reveille?"
      about={`${alarms.length === 1 ? 'An alarm needs' : `Alarms of ${guestCount(alarms.length)} need`} Reveille to go on running.`}
      initialFocus={stay}
      onCancel={() => say('stay')}
    >
      <ul className="quit-alarms" aria-label="Alarms that need Reveille">
        {alarms.map(({ guestId, name, due }) => (
          <li key={guestId}>
            <Line text={guestName(name)} className="quit-guest" /> <WakesAt due={due} />
          </li>
        ))}
      </ul>
      <p>
        If you quit, {alarms.length === 1 ? 'it sleeps' : 'they sleep'} on past {alarms.length === 1 ? 'its' : 'their'}{' '}
        time, until you open Reveille again or somebody wakes {alarms.length === 1 ? 'it' : 'them'}.
      </p>
      <div role="alert">{refusal === null ? null : <Refused refusal={refusal} />}</div>
      <ModalFoot>
        <Button look="danger" busy={busy} onClick={() => say('quit')}>
          Quit anyway
        </Button>
        <Button look="primary" busy={busy} ref={stay} onClick={() => say('stay')}>
          Stay
        </Button>
      </ModalFoot>
    </Question>
  );
}
