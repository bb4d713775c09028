import type { GuestView } from '../../../preload/contract/view';
import { entryCommands } from '../../commands';
import { removeGuest } from '../../intents';
import { Forget } from '../../ui/forget';
import { About } from './about';

/** Forgetting a guest loses what the app knows about it, never the guest. */
export function RemoveDialog({ guest }: { guest: GuestView }) {
  const { label, icon } = entryCommands.remove;
  return (
    <Forget title={label} about={<About guest={guest} />} icon={icon} onForget={() => void removeGuest(guest.id)}>
      <p>
        The guest and its disks are not touched. Its start command, its history and an alarm it may have are forgotten.
      </p>
    </Forget>
  );
}
