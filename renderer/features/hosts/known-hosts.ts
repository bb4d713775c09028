import type { CommandValue } from '../../../preload/contract/commands';

export type KnownHost = CommandValue<'listSshHosts'>[number];

/** The hosts of ~/.ssh/config to pick from while `text` is typed: those that hold it, those that begin with it first. */
export function matchingHosts(hosts: readonly KnownHost[], text: string): readonly KnownHost[] {
  const typed = text.trim().toLocaleLowerCase('en');
  const wanted = typed.slice(typed.lastIndexOf('@') + 1);
  const holding = hosts.filter(({ alias, address }) =>
    [alias, address].some((part) => part.toLocaleLowerCase('en').includes(wanted)),
  );
  const leads = ({ alias }: KnownHost) => alias.toLocaleLowerCase('en').startsWith(wanted);
  return [...holding.filter(leads), ...holding.filter((host) => !leads(host))];
}
