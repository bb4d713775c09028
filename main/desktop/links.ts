import { LINK_SCHEME } from '../../preload/contract/links';
import type { Snapshot } from '../../preload/contract/view';
import type { Notice } from '../guests/notices';

/** What a link is to show. No link names anything to be done. */
export type Link =
  /** reveille://guest/ID */
  | { readonly kind: 'id'; readonly guestId: string }
  /** reveille://guest/HOST/NAME: the host by its address or name (localhost: this computer), the guest by its name. */
  | { readonly kind: 'name'; readonly host: string; readonly guest: string };

/** A longer one is nobody's, in UTF-16 units. */
export const LONGEST_LINK = 2048;

const whole = new RegExp(`^${LINK_SCHEME}://guest/([^/]+)(?:/([^/]+))?$`, 'i');
/** RFC 3986, section 3.3: one or more pchar. What begins a query or a fragment is none. */
const segment = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+$/;
/** Would show as something else than it is, or on more than one line. */
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

/** Whether an argument of the app is meant to be a link, well written or not. */
export const looksLikeLink = (argument: string): boolean => argument.toLowerCase().startsWith(`${LINK_SCHEME}:`);

/** Reads a link, which may come from any page or mail. @returns null for anything else, which is not to be acted on */
export function parseLink(text: string): Link | null {
  if (text.length > LONGEST_LINK) return null;
  const [, first, second] = whole.exec(text) ?? [];
  if (first === undefined) return null;
  const [a, b] = [decoded(first), second === undefined ? undefined : decoded(second)];
  if (a === null || b === null) return null;
  return b === undefined ? { kind: 'id', guestId: a } : { kind: 'name', host: a, guest: b };
}

function decoded(text: string): string | null {
  if (!segment.test(text)) return null;
  try {
    const name = decodeURIComponent(text);
    return unprintable.test(name) ? null : name;
  } catch {
    return null; // No UTF-8.
  }
}

/** The guests that a link may mean: one, where all is well. */
export function linkedGuests(link: Link, { hosts, guests }: Pick<Snapshot, 'hosts' | 'guests'>): readonly string[] {
  if (link.kind === 'id') return Object.hasOwn(guests, link.guestId) ? [link.guestId] : [];
  // Host names do not tell upper from lower case (RFC 4343).
  const wanted = link.host.toLowerCase();
  const isMeant = (hostId: string): boolean => {
    const host = hosts[hostId];
    if (!host) return false;
    const names = [host.name, host.address, host.kind === 'this-computer' ? 'localhost' : null];
    return names.some((name) => name?.toLowerCase() === wanted);
  };
  return Object.values(guests)
    .filter(({ name, hostId }) => name === link.guest && isMeant(hostId))
    .map(({ id }) => id);
}

/** What the user is told of a link that does not mean one guest. */
export function brokenLinkNotice(link: Link, found: number): Notice {
  const what = link.kind === 'id' ? `the id ${link.guestId}` : `the name ${link.guest} on ${link.host}`;
  const many = found > 1;
  return {
    severity: 'warning',
    title: many ? 'A link fits several guests' : 'The guest of a link is not on the list',
    message: many ? `${found} guests have ${what}.` : `A link was opened to the guest with ${what}, and none has it here.`,
    remedy: many
      ? 'Choose it in the list; “Copy link” of that guest gives a link to it alone.'
      : 'It may have been removed, or be a guest of another Reveille. Add its host, or choose it in the list.',
  };
}
