import { useCallback, useId } from 'react';
import type { CommandValue } from '../../../preload/contract/commands';
import type { GuestView } from '../../../preload/contract/view';
import type { HolderChoice, SleepName } from '../../../preload/contract/vocabulary';
import { call } from '../../bridge';
import { whyNot } from '../../commands';
import { cleanLine } from '../../text';
import { Spinner } from '../../ui/button';
import { Choice, Choices } from '../../ui/choices';
import type { Remote } from '../../ui/remote';
import { Refused } from '../../ui/refused';
import { useRemote } from '../../ui/remote';
import { Block } from '../../ui/untrusted';

type Offer = CommandValue<'offerHolders'>[number];

interface HolderFieldProps {
  guest: GuestView;
  action: SleepName;
  choice: HolderChoice;
  onChoice: (choice: HolderChoice) => void;
}

/** Who keeps the alarm: asked of guest and host while a time is given, and answered while the user goes on. */
export function HolderField({ guest, action, choice, onChoice }: HolderFieldProps) {
  const name = useId();
  const ask = useCallback((guestId: string) => call('offerHolders', { guestId, action }), [action]);
  const offers = useRemote<Offer[]>(guest.id, action, ask);
  const shared = { name, chosen: choice, onChoose: onChoice };
  return (
    <Choices legend="Woken by">
      <Choice {...shared} value="auto" label="Automatic">
        <Automatic offers={offers} />
      </Choice>
      {(offers.value ?? []).map((offer) => (
        <Choice
          {...shared}
          key={offer.holder}
          value={offer.holder}
          label={capital(cleanLine(offer.name))}
          disabled={!offer.availability.available}
        >
          <Offered offer={offer} />
        </Choice>
      ))}
      {offers.refusal === null ? null : <Refused refusal={offers.refusal} />}
    </Choices>
  );
}

/** Names are written as within a sentence: "its own clock (RTC)", "a systemd timer on nas". */
const capital = (text: string): string => `${text.charAt(0).toLocaleUpperCase('en')}${text.slice(1)}`;

function Automatic({ offers: { value, loading } }: { offers: Remote<Offer[]> }) {
  if (loading && value === null) {
    return (
      <span className="waiting">
        <Spinner /> Looking at what the guest and its host offer…
      </span>
    );
  }
  const [first, second] = (value ?? []).filter(({ availability }) => availability.available);
  if (first === undefined) return 'The one that survives most.';
  return (
    <>
      {second === undefined ? 'The only one that can' : 'The one that survives most'}: <Block text={first.name} />.
    </>
  );
}

function Offered({ offer: { survives, availability } }: { offer: Offer }) {
  const why = whyNot(availability);
  if (why !== undefined) return <Block text={why} />;
  return (
    <>
      <Block text={survives} />
      {availability.available && availability.warning !== undefined ? (
        <>
          {' '}
          <Block text={availability.warning} className="choice-warning" />
        </>
      ) : null}
    </>
  );
}
