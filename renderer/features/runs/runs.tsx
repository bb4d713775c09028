import { useId, useState } from 'react';
import type { RunView } from '../../../preload/contract/schedules';
import type { ActionName } from '../../../preload/contract/vocabulary';
import { actionCommands } from '../../commands';
import { beginAction } from '../../intents';
import { namesInWords } from '../../many';
import { cancelRun, dismissRun } from '../../many-intents';
import type { RunStep, SkippedFor } from '../../runs';
import { isCancellable, opensByItself, outcomeIcons, runOutcome, runSummary, stepsToShow, stepWords } from '../../runs';
import { useWindow } from '../../store';
import { guestName } from '../../text';
import { Button, IconButton, Spinner } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Moment } from '../../ui/times';
import { Block, Line } from '../../ui/untrusted';

/** Actions on several guests, newest first, guest by guest. They stay until they are dismissed. */
export function Runs() {
  const runs = useWindow((state) => state.view?.runs);
  const sorted = Object.values(runs ?? {}).sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
  if (sorted.length === 0) return null;
  return (
    <section className="runs" aria-label="Actions on several guests">
      {sorted.map((run) => (
        <Run key={run.id} run={run} isNewest={run === sorted[0]} />
      ))}
    </section>
  );
}

function Run({ run, isNewest }: { run: RunView; isNewest: boolean }) {
  /** null: open while there is something to see. */
  const [wanted, setWanted] = useState<boolean | null>(null);
  const outcome = runOutcome(run);
  const open = wanted ?? opensByItself(run, isNewest);
  const id = useId();
  return (
    <section className="run" aria-labelledby={`${id}-title`} data-outcome={outcome}>
      <header className="run-head">
        {!run.done || outcome === 'under-way' ? <Spinner /> : <Icon name={outcomeIcons[outcome]} />}
        <h2 id={`${id}-title`}>
          <Line text={run.title} />
        </h2>
        <Moment at={run.at} />
        <span className="run-summary">{runSummary(run)}</span>
        {isCancellable(run) ? (
          <Button title="Guests whose turn has not come are left as they are" onClick={() => void cancelRun(run.id)}>
            Cancel the rest
          </Button>
        ) : null}
        <IconButton
          icon={open ? 'down' : 'up'}
          label={open ? 'Hide guests' : 'Show guests'}
          aria-expanded={open}
          aria-controls={`${id}-steps`}
          onClick={() => setWanted(!open)}
        />
        <IconButton icon="close" label="Dismiss" onClick={() => void dismissRun(run.id)} />
      </header>
      <div id={`${id}-steps`} hidden={!open} className="run-body" tabIndex={-1}>
        {open ? <Steps steps={stepsToShow(run)} /> : null}
      </div>
    </section>
  );
}

function Steps({ steps: { failed, skipped, rest } }: { steps: ReturnType<typeof stepsToShow> }) {
  return (
    <>
      {failed.length + skipped.length === 0 ? null : (
        <ul className="run-told" aria-label="Not done">
          {failed.map((step) => (
            <Step key={step.guestId} step={step} />
          ))}
          {skipped.map(({ text, names }) => (
            <Skipped key={text} text={text} names={names} />
          ))}
        </ul>
      )}
      {rest.length === 0 ? null : (
        <ol className="run-steps" aria-label="Guests">
          {rest.map((step) => (
            <Step key={step.guestId} step={step} />
          ))}
        </ol>
      )}
    </>
  );
}

/** The guests that were skipped for one reason. */
function Skipped({ text, names }: SkippedFor) {
  const { label, icon } = stepWords.skipped;
  return (
    <li className="run-step" data-step-state="skipped">
      {icon === 'spinner' ? null : <Icon name={icon} />}
      <span className="run-guests">
        <Block text={namesInWords(names.map(guestName), 12)} className="run-guest" />{' '}
        <span className="run-state">{label}</span> <Block text={text} className="run-text" />
      </span>
    </li>
  );
}

function Step({ step: { guestId, name, state, text, offer } }: { step: RunStep }) {
  const { label, icon } = stepWords[state];
  return (
    <li className="run-step" data-step-state={state}>
      {icon === 'spinner' ? <Spinner /> : <Icon name={icon} />}
      <Line text={guestName(name)} className="run-guest" />
      <span className="run-state">{label}</span>
      {text === undefined ? null : <Block text={text} className="run-text" />}
      {offer === undefined ? null : <Offer guestId={guestId} action={offer} />}
    </li>
  );
}

/** What the user can go on with, as long as the guest can do it. */
function Offer({ guestId, action }: { guestId: string; action: ActionName }) {
  const guest = useWindow((state) => state.view?.guests[guestId]);
  if (guest?.actions[action].available !== true) return null;
  return (
    <Button onClick={() => beginAction(guestId, action)}>
      {guest.start?.accepted === false && action === 'start' ? 'Read command…' : actionCommands[action].label}
    </Button>
  );
}
