import type { KeyboardEvent } from 'react';
import { useEffect, useEffectEvent, useId, useRef, useState } from 'react';
import { useWindow } from '../../store';
import { guestName } from '../../text';
import { IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Line } from '../../ui/untrusted';
import type { EditedMember } from './order';
import { dropPlace, moved, readDelay } from './order';

interface MemberListProps {
  members: readonly EditedMember[];
  onMembers: (members: readonly EditedMember[]) => void;
}

/** The members in their order, which is changed by dragging, by the arrows of a row, or by Alt with the arrow keys. */
export function MemberList({ members, onMembers }: MemberListProps) {
  const guests = useWindow((state) => state.view?.guests);
  const list = useRef<HTMLOListElement>(null);
  const [said, setSaid] = useState('');
  const [dragged, setDragged] = useState<string | null>(null);
  const nameOf = (id: string) => guestName(guests?.[id]?.name ?? 'A guest that is gone');

  const move = (from: number, to: number) => {
    const next = moved(members, from, to);
    const guestId = members[from]?.guestId;
    if (next === members || guestId === undefined) return;
    onMembers(next);
    setSaid(`${nameOf(guestId)} is now ${to + 1} of ${next.length}`);
  };
  /** The row moves in the document meanwhile, which would end a capture of the pointer: the document is listened to. */
  const drag = useEffectEvent((event: PointerEvent) => {
    const rows = [...(list.current?.querySelectorAll('[data-member]') ?? [])].map((row) => row.getBoundingClientRect());
    const from = members.findIndex((member) => member.guestId === dragged);
    move(from, dropPlace(rows.map(({ top, height }) => top + height / 2), from, event.clientY));
  });
  useEffect(() => {
    if (dragged === null) return;
    const end = () => setDragged(null);
    const ends = ['pointerup', 'pointercancel', 'blur'] as const;
    document.addEventListener('pointermove', drag);
    for (const name of ends) window.addEventListener(name, end);
    return () => {
      document.removeEventListener('pointermove', drag);
      for (const name of ends) window.removeEventListener(name, end);
    };
  }, [dragged]);
  return (
    <>
      <ol className="members" aria-label="Members" ref={list}>
        {members.map((member, place) => (
          <li key={member.guestId} data-member={member.guestId} data-dragged={dragged === member.guestId} className="member">
            <span
              className="grip"
              title="Drag to move"
              onPointerDown={(event) => {
                event.preventDefault();
                setDragged(member.guestId);
              }}
            >
              <Icon name="grip" />
            </span>
            <MemberRow
              member={member}
              name={nameOf(member.guestId)}
              place={place}
              count={members.length}
              onMove={(to) => move(place, to)}
              onDelay={(delay) => onMembers(members.map((one) => (one === member ? { ...member, delay } : one)))}
              onRemove={() => {
                onMembers(members.filter((one) => one !== member));
                setSaid(`${nameOf(member.guestId)} is not in the group any more`);
              }}
            />
          </li>
        ))}
      </ol>
      <p className="unseen" role="status">
        {said}
      </p>
    </>
  );
}

interface MemberRowProps {
  member: EditedMember;
  name: string;
  place: number;
  count: number;
  onMove: (to: number) => void;
  onDelay: (text: string) => void;
  onRemove: () => void;
}

function MemberRow({ member, name, place, count, onMove, onDelay, onRemove }: MemberRowProps) {
  const row = useRef<HTMLDivElement>(null);
  /** The button that moved the row keeps the focus when the row has moved in the document. */
  const pressed = useRef<HTMLElement | null>(null);
  useEffect(() => {
    pressed.current?.focus();
    pressed.current = null;
  }, [place]);
  const moveTo = (to: number) => {
    const active = document.activeElement;
    pressed.current = active instanceof HTMLElement && row.current?.contains(active) === true ? active : null;
    onMove(to);
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (!event.altKey || step === 0) return;
    event.preventDefault();
    moveTo(place + step);
  };
  return (
    <div className="member-row" ref={row} onKeyDown={onKey}>
      <span className="member-place" aria-hidden="true">
        {place + 1}
      </span>
      <Line text={name} className="member-name" />
      <Delay name={name} text={member.delay} isLast={place === count - 1} onDelay={onDelay} />
      <IconButton
        icon="up"
        label={`Move ${name} up`}
        aria-disabled={place === 0}
        aria-keyshortcuts="Alt+ArrowUp"
        onClick={() => moveTo(place - 1)}
      />
      <IconButton
        icon="down"
        label={`Move ${name} down`}
        aria-disabled={place === count - 1}
        aria-keyshortcuts="Alt+ArrowDown"
        onClick={() => moveTo(place + 1)}
      />
      <IconButton icon="close" label={`Remove ${name} from the group`} onClick={onRemove} />
    </div>
  );
}

interface DelayProps {
  name: string;
  text: string;
  /** Nobody waits for the last one. */
  isLast: boolean;
  onDelay: (text: string) => void;
}

function Delay({ name, text, isLast, onDelay }: DelayProps) {
  const errorId = useId();
  const wrong = readDelay(text) === null;
  if (isLast) return <span className="delay" />;
  return (
    <span className="delay">
      <span aria-hidden="true">then wait</span>
      <input
        type="number"
        className="input"
        min={0}
        max={3600}
        value={text}
        aria-label={`Seconds to wait after ${name}`}
        aria-invalid={wrong}
        aria-describedby={wrong ? errorId : undefined}
        onChange={(event) => onDelay(event.target.value)}
      />
      <span aria-hidden="true">s</span>
      {wrong ? (
        <span id={errorId} className="field-error delay-error">
          Write whole seconds, from 0 to 3600.
        </span>
      ) : null}
    </span>
  );
}
