import type { SshEndpoint } from './types';

/** A server's words without what could move a cursor, colour a terminal or turn the reading direction. */
export const printable = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');

/** "nas", "nas port 2222" */
export const describeHost = ({ host, port }: Pick<SshEndpoint, 'host' | 'port'>): string =>
  `${host}${port === 22 ? '' : ` port ${port}`}`;

/** "me@nas port 2222" */
export const describeEndpoint = (endpoint: SshEndpoint): string => `${endpoint.user}@${describeHost(endpoint)}`;
