import type { GuestView } from '../../../preload/contract/view';
import type { ActionName, Fix } from '../../../preload/contract/vocabulary';
import { actionCommands, fixBeside, fixCommands, offeredActions } from '../../commands';
import { beginAction, beginFix } from '../../intents';
import { useWindow } from '../../store';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Block } from '../../ui/untrusted';

/** What can be done with the guest now, as buttons; and what can't, with the reason and the remedy. */
export function Abilities({ guest }: { guest: GuestView }) {
  const asked = useWindow((state) => state.asked[guest.id]?.action ?? null);
  const offered = offeredActions(guest, undefined);
  const busy = asked ?? guest.pending?.action ?? null;
  return (
    <section aria-labelledby="abilities-heading">
      <h3 id="abilities-heading">Actions</h3>
      <div className="ability-buttons">
        {offered.map(({ action, availability }) =>
          availability.available ? (
            <AbilityButton key={action} guestId={guest.id} action={action} busy={busy === action} />
          ) : null,
        )}
      </div>
      {offered.map(({ action, availability }) =>
        availability.available && availability.warning !== undefined ? (
          <p key={action} className="hint">
            {actionCommands[action].label}: <Block text={availability.warning} />
          </p>
        ) : null,
      )}
      <ul className="not-now" aria-label="Not possible now">
        {offered.map(({ action, availability }) =>
          availability.available ? null : (
            <li key={action}>
              <Icon name={actionCommands[action].icon} />
              <span>
                <span className="not-now-label">{actionCommands[action].label}</span>
                <Block text={availability.reason} className="not-now-reason" />
                {availability.remedy === undefined ? null : (
                  <Block text={availability.remedy} className="remedy" />
                )}
                <FixButton guestId={guest.id} fix={fixBeside(offered, action)} />
              </span>
            </li>
          ),
        )}
      </ul>
    </section>
  );
}

/** Stands where the reason is: what Reveille itself can do about it. */
function FixButton({ guestId, fix }: { guestId: string; fix: Fix | undefined }) {
  if (fix === undefined) return null;
  const { label, icon } = fixCommands[fix];
  return (
    <span className="fix">
      <Button icon={icon} onClick={() => beginFix(guestId, fix)}>
        {label}
      </Button>
    </span>
  );
}

function AbilityButton({ guestId, action, busy }: { guestId: string; action: ActionName; busy: boolean }) {
  const { label, icon, destructive } = actionCommands[action];
  return (
    <Button
      look={destructive ? 'danger' : 'plain'}
      icon={icon}
      busy={busy}
      onClick={() => beginAction(guestId, action)}
    >
      {label}
    </Button>
  );
}
