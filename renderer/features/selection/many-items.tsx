import type { Target } from '../../../preload/contract/schedules';
import type { GuestView } from '../../../preload/contract/view';
import { actionCommands } from '../../commands';
import { beginMany } from '../../many-intents';
import { manyWords, offeredToMany } from '../../many';
import { MenuItem } from '../guests/menu-item';

interface ManyItemsProps {
  target: Target;
  guests: readonly GuestView[];
  /** Before each label: "All guests: ". */
  before?: string;
}

/** What at least one of the guests can do, with how many can. */
export function ManyItems({ target, guests, before = '' }: ManyItemsProps) {
  return offeredToMany(guests).map((offered) => (
    <MenuItem
      key={offered.action}
      words={manyWords(offered, before)}
      danger={actionCommands[offered.action].destructive}
      run={() => beginMany(target, offered.action)}
    />
  ));
}
