/** The scheme of links to guests, which the packages register (electron-builder.yml). */
export const LINK_SCHEME = 'reveille';

/** The link that shows this guest in the Reveille that knows it by this id. */
export const guestLink = (guestId: string): string => `${LINK_SCHEME}://guest/${encodeURIComponent(guestId)}`;
