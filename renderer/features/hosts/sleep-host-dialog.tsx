import type { SubmitEvent } from 'react';
import { useId, useMemo, useState } from 'react';
import type { HostPowerView, HostView } from '../../../preload/contract/view';
import type { GuestsFirst } from '../../../preload/contract/vocabulary';
import { call } from '../../bridge';
import { hostCommands } from '../../commands';
import { alarmsUntil } from '../../link-words';
import { targetGuests } from '../../many';
import { closeDialog, useWindow } from '../../store';
import { Button } from '../../ui/button';
import { Choice, Choices } from '../../ui/choices';
import { Modal, ModalFoot } from '../../ui/modal';
import { tenSeconds, useTicked } from '../../ui/ticker';
import { Block, Line } from '../../ui/untrusted';
import { isSeenRunning } from '../../words';
import { sleepPresets, useWhen } from '../dialogs/use-when';
import { WhenField } from '../dialogs/when-field';
import { AboutHost } from './about-host';

const guestsFirst: Record<GuestsFirst, { label: string; more: string }> = {
  sleep: { label: 'Put to sleep', more: 'They keep their memory, and have to be woken when the host is back.' },
  shutdown: { label: 'Shut down', more: 'If one does not shut down, the host stays awake.' },
  leave: { label: 'Leave as they are', more: 'They stop with the host and go on with it; their clocks are behind then.' },
};
const choices = Object.keys(guestsFirst) as GuestsFirst[];

/** Puts a host to sleep, for a time or until somebody wakes it, its guests first. */
export function SleepHostDialog({ host, power }: { host: HostView; power: HostPowerView }) {
  const { label, icon } = hostCommands.sleep;
  const when = useWhen();
  const [guests, setGuests] = useState<GuestsFirst>('sleep');
  const [busy, setBusy] = useState(false);
  const name = useId();
  const running = useWindow(({ view }) =>
    view === null ? 0 : targetGuests(view, { kind: 'host', hostId: host.id }).filter(isSeenRunning).length,
  );

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const settled = await when.settle();
    const sent = settled === null ? null : await call('sleepHost', { hostId: host.id, for: settled.for ?? '', guests });
    setBusy(false);
    if (sent === null) return;
    if (sent.ok) closeDialog();
    else when.refuse(sent.refusal);
  };
  const until = when.reading.kind === 'read' ? when.reading.due : when.reading.kind === 'empty' ? Infinity : null;
  return (
    <Modal title={label.replace('…', '')} about={<AboutHost host={host} />} initialFocus={when.field} wide>
      <form onSubmit={(event) => void submit(event)}>
        <WhenField
          label="For"
          text={when.text}
          onText={when.setText}
          reading={when.reading}
          presets={sleepPresets}
          whenEmpty="No time: it sleeps until somebody wakes it."
          field={when.field}
        />
        {until === null ? null : <LateAlarms hostId={host.id} until={until} />}
        {running === 0 ? (
          <p className="hint">None of its guests runs.</p>
        ) : (
          <Choices legend={`First, its guests (${running === 1 ? '1 runs' : `${running} run`})`}>
            {choices.map((value) => (
              <Choice
                key={value}
                name={name}
                value={value}
                chosen={guests}
                onChoose={setGuests}
                label={guestsFirst[value].label}
              >
                {guestsFirst[value].more}
              </Choice>
            ))}
          </Choices>
        )}
        <Notes power={power} />
        <ModalFoot>
          <Button onClick={closeDialog}>Cancel</Button>
          <Button look="primary" icon={icon} submit busy={busy}>
            Sleep host
          </Button>
        </ModalFoot>
      </form>
    </Modal>
  );
}

/** What to know before: a warning of its own, and whether Reveille can wake it. */
function Notes({ power: { sleep, wake, mac } }: { power: HostPowerView }) {
  const warning = sleep.available ? sleep.warning : sleep.reason;
  return (
    <>
      {warning === undefined ? null : (
        <p className="note">
          <Block text={warning} />
        </p>
      )}
      <p className="hint">
        {mac !== null ? (
          <>
            Wake host sends Wake-on-LAN to <Line text={mac} />; it must be on in the host’s firmware.
          </>
        ) : wake.available ? null : (
          <>
            Reveille may not be able to wake it before. <Block text={wake.reason} />
          </>
        )}
      </p>
    </>
  );
}

/** Alarms that come while the host sleeps can wake nobody. */
function LateAlarms({ hostId, until }: { hostId: string; until: number }) {
  const view = useWindow((state) => state.view);
  const text = useTicked(tenSeconds, (now) => (view === null ? '' : alarmsUntil(view, hostId, until, now).join('\n')));
  const late = useMemo(() => (text === '' ? [] : text.split('\n')), [text]);
  if (late.length === 0) return null;
  return (
    <div className="note" role="status">
      <p>
        {late.length === 1 ? 'This alarm comes' : 'These alarms come'} while the host sleeps, and will be late:
      </p>
      <ul className="lost-alarms" aria-label="Late alarms">
        {late.map((alarm) => (
          <li key={alarm}>
            <Line text={alarm} />
          </li>
        ))}
      </ul>
    </div>
  );
}
