import type { Domain } from '../hypervisors/libvirt/model';
import type { FoundGuest } from './discovery/found';

/** A libvirt domain, running or not. All text in it comes from the host and is not to be trusted. */
export interface ListedDomain {
  /** The connection's kind and the domain's uuid: `libvirt:system:UUID`. */
  readonly key: string;
  readonly name: string;
  readonly uuid: string;
  /** In MiB. */
  readonly memoryMiB: number | null;
  readonly vcpus: number | null;
  /** The machine type, e.g. `pc-q35-7.2`; null until its definition was read. */
  readonly machine: string | null;
  /** The same object for as long as the domain is defined. */
  readonly domain: Domain;
}

/** A guest as its host lists it: a plain QEMU process, or a domain of libvirt's. */
export type Listed = FoundGuest | ListedDomain;

export const isDomain = (listed: Listed): listed is ListedDomain => 'domain' in listed;

/** Part of a host's guests that could not be listed now; nothing is known of them. */
export interface Unasked {
  /** Keys of the guests that are meant begin with this. */
  readonly keyPrefix: string;
  /** Sentences for users. */
  readonly reason: string;
  readonly remedy: string;
  /** Its guests are listed all the same; only nothing may be done to them. */
  readonly listed?: boolean;
  /** Whether the host’s header is to tell it: there is something to be asked. */
  readonly notable: boolean;
}
