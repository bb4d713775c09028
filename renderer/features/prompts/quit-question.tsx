import { useRef } from 'react';
import { call } from '../../bridge';
import { dependentsInWords } from '../../quit-words';
import type { QuitPrompt } from '../../prompts';
import { guestName } from '../../text';
import { Button } from '../../ui/button';
import { ModalFoot } from '../../ui/modal';
import { Refused } from '../../ui/refused';
import { WakesAt } from '../../ui/times';
import { Line } from '../../ui/untrusted';
import { OccurrenceWords } from '../schedules/next-time';
import { Question } from './question';
import { useAnswer } from './use-answer';

/** Whether to end the app while alarms or schedules depend on it. Staying has the focus, and is what Escape means. */
export function QuitQuestion({ prompt }: { prompt: QuitPrompt }) {
  const { id: promptId, alarms, schedules } = prompt;
  const { answer, busy, refusal } = useAnswer(promptId);
  const stay = useRef<HTMLButtonElement>(null);
  const say = (what: 'quit' | 'stay') => answer(() => call('answerQuit', { promptId, answer: what }));
  return (
    <Question
      role="alertdialog"
      icon="bell"
      title="Quit Reveille?"
      about={`${dependentsInWords(prompt)} Reveille to go on running.`}
      initialFocus={stay}
      onCancel={() => say('stay')}
    >
      <ul className="quit-list" aria-label="What needs Reveille">
        {alarms.map(({ guestId, name, due }) => (
          <li key={guestId}>
            <Line text={guestName(name)} className="quit-name" /> <WakesAt due={due} />
          </li>
        ))}
        {schedules.map(({ scheduleId, name, next }) => (
          <li key={scheduleId}>
            <Line text={name} className="quit-name" /> <OccurrenceWords occurrence={next} />
          </li>
        ))}
      </ul>
      {alarms.length === 0 ? null : (
        <p>
          If you quit, {alarms.length === 1 ? 'this guest sleeps on past its' : 'these guests sleep on past their'} time, until you open Reveille again or somebody wakes{' '}
          {alarms.length === 1 ? 'it' : 'them'}.
        </p>
      )}
      {schedules.length === 0 ? null : (
        <p>While Reveille is closed, schedules do nothing. At its next start, each does late, skips or asks about what it missed.</p>
      )}
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
