import { useCallback, useRef, useState } from 'react';
import type { Refusal } from '../../../preload/contract/commands';
import type { GuestView, MendingView } from '../../../preload/contract/view';
import type { Fix } from '../../../preload/contract/vocabulary';
import { call } from '../../bridge';
import { fixCommands } from '../../commands';
import { closeDialog } from '../../store';
import { Button, Spinner } from '../../ui/button';
import { Diff } from '../../ui/diff';
import { Modal, ModalFoot } from '../../ui/modal';
import { Refused } from '../../ui/refused';
import { useRemote } from '../../ui/remote';
import { effectWords } from '../../words';
import { About } from './about';

type Outcome = { kind: 'open' } | { kind: 'asked' } | { kind: 'made' } | { kind: 'refused'; refusal: Refusal };

/** Shows what a fix changes in the guest's definition, and makes that change. Cancel has the focus. */
export function MendDialog({ guest, fix }: { guest: GuestView; fix: Fix }) {
  const { title, icon, besides } = fixCommands[fix];
  const [turn, setTurn] = useState(1);
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'open' });
  const cancel = useRef<HTMLButtonElement>(null);
  const ask = useCallback((guestId: string) => call('readMending', { guestId, fix }), [fix]);
  const { value, refusal, loading } = useRemote<MendingView>(guest.id, String(turn), ask);

  const lookAgain = () => {
    setOutcome({ kind: 'open' });
    setTurn(turn + 1);
    cancel.current?.focus();
  };
  const change = async (mending: MendingView) => {
    setOutcome({ kind: 'asked' });
    const applied = await call('applyMending', { mendingId: mending.mendingId });
    setOutcome(applied.ok ? { kind: 'made' } : { kind: 'refused', refusal: applied.refusal });
    cancel.current?.focus();
  };
  const made = outcome.kind === 'made';
  const refused = outcome.kind === 'refused' ? outcome.refusal : refusal;
  const changes = value !== null && value.lines.length > 0;
  return (
    <Modal title={title} about={<About guest={guest} />} initialFocus={cancel} wide>
      {loading ? (
        <p className="waiting">
          <Spinner /> Reading its definition…
        </p>
      ) : value === null ? null : (
        <>
          <p>
            {changes
              ? `In the guest’s definition, ${made ? 'this was' : 'only this is'} changed:`
              : 'Its definition has this already: nothing would change.'}
          </p>
          {changes ? <Diff lines={value.lines} label="Change of the definition" /> : null}
        </>
      )}
      <div role="status">
        {made ? <p className="mended">The definition was changed.</p> : null}
        {value === null || loading ? null : (
          <p className="effect">
            {effectWords(value.effect, guest.state.name)} {besides}
          </p>
        )}
      </div>
      <div role="alert">{refused === null ? null : <Refused refusal={refused} />}</div>
      <ModalFoot>
        <Button onClick={closeDialog} ref={cancel}>
          {made ? 'Close' : 'Cancel'}
        </Button>
        {refused !== null ? (
          <Button icon="search" onClick={lookAgain}>
            Look again
          </Button>
        ) : made || loading || value === null || !changes ? null : (
          <Button look="primary" icon={icon} busy={outcome.kind === 'asked'} onClick={() => void change(value)}>
            Change definition
          </Button>
        )}
      </ModalFoot>
    </Modal>
  );
}
