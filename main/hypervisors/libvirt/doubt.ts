import type { LibvirtClient } from '../../protocols/libvirt/api';
import type { DomainStatus } from '../../protocols/libvirt/domain-states';
import { parseJsonObject } from '../../protocols/json-messages';
import type { TrackedDomain } from './domain';
import { stateOf } from './states';

/**
 * libvirt keeps what it knew before it was away, and that may be wrong of a guest that slept or woke meanwhile. QEMU
 * knows, and is asked once: libvirt notes on a domain that somebody used its monitor.
 */
export function isDoubtful({ readOnly }: LibvirtClient, domain: TrackedDomain, status: DomainStatus): boolean {
  const { outOfStep, sleptToDisk, state } = domain;
  if (readOnly || sleptToDisk) return false;
  if (!outOfStep && state.name === stateOf(status, false).name) return false;
  return status.state === 'pmsuspended' || (status.state === 'paused' && (status.reason === 'unknown' || outOfStep));
}

/** QEMU's answer to query-status (QAPI: qapi/run-state.json), where it is one of those that libvirt may have missed. */
export function runStateOf(answer: string): 'running' | 'suspended' | null {
  const json = parseJsonObject(answer);
  const told = json?.return;
  const status = typeof told === 'object' && told !== null && 'status' in told ? told.status : null;
  return status === 'running' || status === 'suspended' ? status : null;
}
