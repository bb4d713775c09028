import { domainStatus } from '../../protocols/libvirt/domain-states';
import type { TypedParams } from '../../protocols/libvirt/values';
import type { DomainRecord } from './model';
import { numberOf } from './stats';

/** What a domain was given. */
export type Size = Pick<DomainRecord, 'memoryMiB' | 'vcpus'>;
export const UNSIZED: Size = { memoryMiB: null, vcpus: null };

/** Statistics: src/libvirt-domain.c virConnectGetAllDomainStats. */
export const stateRecord = (domain: DomainRecord['domain'], params: TypedParams, saved: boolean): Omit<DomainRecord, keyof Size> => ({
  domain,
  status: domainStatus({ state: numberOf(params, 'state.state') ?? -1, reason: numberOf(params, 'state.reason') ?? 0 }),
  saved,
});

/** The same source; memory in KiB. */
export function sizeOf(params: TypedParams): Size {
  const memory = numberOf(params, 'balloon.maximum');
  return {
    memoryMiB: memory === null ? null : Math.round(memory / 1024),
    vcpus: numberOf(params, 'vcpu.current') ?? numberOf(params, 'vcpu.maximum'),
  };
}
