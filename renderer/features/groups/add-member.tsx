import { useId } from 'react';
import { useWindow } from '../../store';
import { cleanLine } from '../../text';
import type { EditedMember } from './order';

interface AddMemberProps {
  members: readonly EditedMember[];
  onAdd: (guestId: string) => void;
}

/** Every guest that is not in the group yet, under its host. */
export function AddMember({ members, onAdd }: AddMemberProps) {
  const groups = useWindow((state) => state.groups);
  const hosts = useWindow((state) => state.view?.hosts ?? {});
  const id = useId();
  const taken = new Set(members.map(({ guestId }) => guestId));
  const left = groups
    .map((group) => ({ ...group, guests: group.guests.filter((guest) => !taken.has(guest.id)) }))
    .filter((group) => group.guests.length > 0);
  if (left.length === 0) return null;
  return (
    <div className="add-member">
      <label htmlFor={id} className="unseen">
        Add a guest
      </label>
      <select id={id} className="input" value="" onChange={(event) => onAdd(event.target.value)}>
        <option value="" disabled>
          Add a guest…
        </option>
        {left.map((group) => (
          <optgroup key={group.hostId} label={cleanLine(hosts[group.hostId]?.name ?? '')}>
            {group.guests.map((guest) => (
              <option key={guest.id} value={guest.id}>
                {guest.name}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </div>
  );
}
