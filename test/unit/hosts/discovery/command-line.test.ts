import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../../main/hosts/discovery/command-line';
import type { Endpoint } from '../../../../main/hosts/discovery/endpoints';

/** Arguments as a shell would split them; nothing here needs quotes but JSON, which is given apart. */
const parse = (text: string, ...more: string[]) =>
  parseCommandLine([...text.split(' ').filter((word) => word !== ''), ...more]);
const unix = (path: string): Endpoint => ({ kind: 'unix', path });
const tcp = (host: string, port: number, lastPort = port): Endpoint => ({
  kind: 'tcp',
  host,
  port,
  lastPort,
});
const monitorsOf = (text: string, ...more: string[]) => parse(text, ...more).monitors;

describe('facts of the guest', () => {
  it.each([
    ['-name web', 'web'],
    ['--name web', 'web'],
    ['-name guest=web,debug-threads=on', 'web'],
    ['-name web,process=qemu-web', 'web'],
    ['-name a,,b,debug-threads=on', 'a,b'],
    ['-name guest=a -name b', 'b'],
    ['-name a -name debug-threads=on', 'a'],
    ['-name debug-threads=on', null],
    ['-m 512', null],
    ['-name', null],
  ])('reads the name from %s', (text, name) => {
    expect(parse(text).name).toBe(name);
  });

  it.each([
    ['512', 512],
    ['2G', 2048],
    ['2g', 2048],
    ['1.5G', 1536],
    ['20480k', 20],
    ['1T', 1_048_576],
    ['0x10', 16],
    ['2097152b', 2],
    ['size=4G,slots=4,maxmem=16G', 4096],
    ['4096M,maxmem=8G', 4096],
    ['maxmem=8G,slots=2', null],
    ['0', null],
    ['lots', null],
    ['-1', null],
    ['9'.repeat(400), null],
    ['1e400', null],
  ])('reads -m %s as %s MiB', (value, mebibytes) => {
    expect(parse('', '-m', value).memoryMiB).toBe(mebibytes);
  });

  it.each([
    ['-smp 4', 4],
    ['-smp 4,maxcpus=8', 4],
    ['-smp cpus=2,sockets=2,cores=1', 2],
    ['-smp sockets=2,cores=3,threads=2', 12],
    ['-smp maxcpus=8,sockets=2,cores=4', 8],
    ['-smp cores=2 -smp sockets=2', 4],
    ['-smp 4 -smp 2', 2],
    ['-smp many', null],
    ['-m 1G', null],
  ])('reads %s as %s vCPUs', (text, vcpus) => {
    expect(parse(text).vcpus).toBe(vcpus);
  });

  it.each([
    ['-machine q35,accel=kvm', 'q35'],
    ['-M pc', 'pc'],
    ['-machine accel=kvm,type=pc-q35-9.0', 'pc-q35-9.0'],
    ['-M pc -machine accel=tcg', 'pc'],
    ['-machine accel=kvm', null],
  ])('reads the machine from %s', (text, machine) => {
    expect(parse(text).machine).toBe(machine);
  });

  it.each([
    ['6F9619FF-8B86-D011-B42D-00CF4FC964FF', '6f9619ff-8b86-d011-b42d-00cf4fc964ff'],
    ['00000000-0000-0000-0000-000000000000', null],
    ['not-a-uuid', null],
  ])('reads -uuid %s as %s', (uuid, read) => {
    expect(parse('', '-uuid', uuid).uuid).toBe(read);
  });

  it('takes what follows an option as its argument even when it begins with a dash', () => {
    const read = parse(
      '',
      '-append',
      '-qmp tcp::1,server',
      '-kernel',
      '-name',
      '-S',
      '-qmp',
      'unix:/a,server',
    );
    expect(read).toMatchObject({ name: null, startsPaused: true, monitors: [unix('/a')] });
  });

  it('is not misled by an option it does not know', () => {
    expect(parse('-brand-new x -qmp unix:/a,server')).toMatchObject({ monitors: [unix('/a')], images: [] });
    expect(parse('-brand-new -qmp unix:/a,server').monitors).toEqual([unix('/a')]);
  });

  it('knows what prints and exits, moves to the background, waits, and reads a file', () => {
    expect(parse('--version').printsAndExits).toBe(true);
    expect(parse('-append -version').printsAndExits).toBe(false);
    expect(parse('-daemonize -S -readconfig /etc/vm.cfg')).toMatchObject({
      daemonizes: true,
      startsPaused: true,
      readsConfigFile: true,
      printsAndExits: false,
    });
  });

  it('lists disk images, not firmware or CD-ROMs', () => {
    const text =
      '-drive if=pflash,file=/fw.fd -drive file=/a.qcow2,if=virtio -hda /b.img /c.img -cdrom /d.iso -drive file=/e.iso,media=cdrom';
    const json = '{"driver":"file","filename":"/f.raw","node-name":"n"}';
    expect(parse(text, '-blockdev', json).images).toEqual(['/a.qcow2', '/b.img', '/f.raw', '/c.img']);
  });
});

describe('QMP monitors', () => {
  it.each<[string, Endpoint]>([
    ['-qmp unix:/run/a.qmp,server=on,wait=off', unix('/run/a.qmp')],
    ['--qmp unix:/run/a.qmp,server,nowait', unix('/run/a.qmp')],
    ['-qmp-pretty unix:rel.sock,server=yes', unix('rel.sock')],
    ['-qmp unix:path=/p,server=true', unix('/p')],
    ['-qmp unix:/a,,b.sock,server', unix('/a,b.sock')],
    ['-qmp mon:unix:/p,server', unix('/p')],
    ['-qmp unix:name,server,abstract=on', { kind: 'abstract', name: 'name', tight: true }],
    ['-qmp unix:name,server,abstract=on,tight=off', { kind: 'abstract', name: 'name', tight: false }],
    ['-qmp tcp:127.0.0.1:4444,server,nowait', tcp('127.0.0.1', 4444)],
    ['-qmp tcp:localhost:4444,server=on', tcp('localhost', 4444)],
    ['-qmp tcp::4444,server=on', tcp('0.0.0.0', 4444)],
    ['-qmp tcp:[::1]:4444,server=on', tcp('::1', 4444)],
    ['-qmp tcp::4444,server=on,ipv6=on', tcp('::', 4444)],
    ['-qmp tcp:127.0.0.1:0,server', tcp('127.0.0.1', 0)],
    ['-qmp tcp:127.0.0.1:4444,to=4450,server', tcp('127.0.0.1', 4444, 4450)],
    ['-qmp pipe:qmp-web', { kind: 'pipe', name: 'qmp-web' }],
    ['-chardev socket,id=c,path=/p,server=on,wait=off -qmp chardev:c', unix('/p')],
    ['-chardev socket,id=c,path=/p,server=on -mon chardev=c,mode=control', unix('/p')],
    ['-mon c,mode=control,pretty=on -chardev socket,path=/p,id=c,server=on', unix('/p')],
    ['-chardev backend=socket,id=c,host=::1,port=5,server=on -mon c,mode=control', tcp('::1', 5)],
    ['-chardev socket,id=c,fd=22,server=on,wait=off -mon chardev=c,mode=control', { kind: 'fd', fd: 22 }],
    ['-chardev pipe,id=c,path=qmp-web -mon c,mode=control', { kind: 'pipe', name: 'qmp-web' }],
  ])('finds the one of %s', (text, endpoint) => {
    expect(monitorsOf(text)).toEqual([endpoint]);
  });

  it.each<[object, Endpoint]>([
    [
      {
        id: 'c',
        backend: {
          type: 'socket',
          data: { addr: { type: 'unix', data: { path: '/p' } }, server: true, wait: false },
        },
      },
      unix('/p'),
    ],
    [
      {
        id: 'c',
        backend: { type: 'socket', data: { addr: { type: 'fd', data: { str: '22' } }, server: true } },
      },
      { kind: 'fd', fd: 22 },
    ],
    [
      {
        id: 'c',
        backend: {
          type: 'socket',
          data: { addr: { type: 'inet', data: { host: '::1', port: '7' } }, server: true },
        },
      },
      tcp('::1', 7),
    ],
    [{ id: 'c', backend: 'socket', addr: { type: 'unix', path: '/p' }, server: true }, unix('/p')],
    [{ id: 'c', backend: 'socket', path: '/p', server: true }, unix('/p')],
  ])('finds the one of the JSON chardev %j', (chardev, endpoint) => {
    expect(monitorsOf('-mon chardev=c,mode=control', '-chardev', JSON.stringify(chardev))).toEqual([
      endpoint,
    ]);
  });

  it.each([
    ['-qmp unix:/p', /connects out/],
    ['-qmp unix:/p,server=off', /connects out/],
    ['-qmp unix:/p,server,noserver', /connects out/],
    ['-chardev socket,id=c,path=/p,reconnect=5 -mon c,mode=control', /connects out/],
    ['-qmp telnet:127.0.0.1:4444,server', /telnet/],
    ['-qmp websocket:127.0.0.1:4444,server', /websocket/],
    ['-chardev socket,id=c,host=h,port=1,server=on,tls-creds=t -mon c,mode=control', /TLS/],
    ['-qmp tcp:127.0.0.1:http,server', /port/],
    ['-qmp tcp:nonsense,server', /port/],
    ['-qmp stdio', /"stdio"/],
    ['-chardev spiceport,id=c,name=org.qemu.monitor.qmp.0 -mon c,mode=control', /"spiceport"/],
    ['-mon nobody,mode=control', /no known chardev/],
  ])('says why that of %s takes no connections', (text, why) => {
    expect(monitorsOf(text)).toEqual([{ kind: 'none', why: expect.stringMatching(why) as string }]);
  });

  it('tells monitors for people apart', () => {
    const human = parse(
      '-monitor unix:/hmp,server -chardev socket,id=c,path=/p,server -mon chardev=c,mode=readline',
    );
    expect(human).toMatchObject({ monitors: [], hasHumanMonitor: true });
    expect(parse('-monitor none -qmp none')).toMatchObject({ monitors: [], hasHumanMonitor: false });
  });

  it('keeps the order of several', () => {
    expect(monitorsOf('-qmp tcp::1,server -qmp unix:/a,server -qmp unix:/b,server')).toEqual([
      tcp('0.0.0.0', 1),
      unix('/a'),
      unix('/b'),
    ]);
  });
});

describe('the guest agent', () => {
  const chardev = '-chardev socket,path=/run/a.qga,server=on,wait=off,id=qga0';

  it('is the virtio-serial port with its name', () => {
    const agent = { chardev: 'qga0', endpoint: unix('/run/a.qga') };
    const plain = `${chardev} -device virtio-serial -device virtserialport,chardev=qga0,name=org.qemu.guest_agent.0`;
    expect(parse(plain).agent).toEqual(agent);
    const json = {
      driver: 'virtserialport',
      bus: 'b.0',
      nr: 1,
      chardev: 'qga0',
      name: 'org.qemu.guest_agent.0',
    };
    expect(parse(chardev, '-device', JSON.stringify(json)).agent).toEqual(agent);
  });

  it.each([
    '-device isa-serial,chardev=qga0',
    '-device virtserialport,chardev=qga0,name=com.redhat.spice.0',
    '-device virtserialport,chardev=qga0,id=org.qemu.guest_agent.0,name=other',
    '-device virtserialport,name=org.qemu.guest_agent.0',
    '-serial chardev:qga0',
  ])('is not %s', (device) => {
    expect(parse(`${chardev} ${device}`).agent).toBeNull();
  });
});

describe('properties', () => {
  const path = fc.stringMatching(/^\/[ -~]{1,60}$/);
  const endpoint = fc.oneof(
    path.map((given) => ({ style: 'unix' as const, path: given })),
    fc.record({ style: fc.constant('tcp' as const), port: fc.integer({ min: 1, max: 65_535 }) }),
  );
  const model = fc.record({
    name: fc.option(
      fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((text) => !text.includes('\0')),
    ),
    uuid: fc.option(fc.uuid()),
    memoryMiB: fc.option(fc.integer({ min: 1, max: 1 << 24 })),
    vcpus: fc.option(fc.integer({ min: 1, max: 512 })),
    machine: fc.option(fc.constantFrom('pc', 'q35', 'virt', 'none')),
    monitors: fc.array(fc.record({ at: endpoint, form: fc.constantFrom('qmp', 'mon', 'json') }), {
      maxLength: 4,
    }),
    dashes: fc.constantFrom('-', '--'),
    noise: fc.subarray([
      ['-nodefaults'],
      ['-append', '-name x -qmp y'],
      ['-device', 'virtio-rng'],
      ['disk.img'],
      ['-S'],
    ]),
  });
  const escaped = (text: string) => text.replaceAll(',', ',,');

  it('reads back every command line that is made from a model', () => {
    fc.assert(
      fc.property(model, (guest) => {
        const args: string[] = guest.noise.flat();
        const add = (name: string, value: string) => args.push(`${guest.dashes}${name}`, value);
        if (guest.name !== null) add('name', `debug-threads=on,guest=${escaped(guest.name)}`);
        if (guest.uuid !== null) add('uuid', guest.uuid);
        if (guest.memoryMiB !== null) add('m', `slots=2,size=${guest.memoryMiB}M`);
        if (guest.vcpus !== null) add('smp', `${guest.vcpus},maxcpus=1024`);
        if (guest.machine !== null) add('machine', `accel=tcg,type=${guest.machine}`);
        guest.monitors.forEach(({ at, form }, index) => {
          const id = `m${index}`;
          const address = at.style === 'unix' ? `path=${escaped(at.path)}` : `host=::1,port=${at.port}`;
          if (form === 'qmp') {
            // A first value that holds an equals sign needs its key, as in QEMU.
            const path =
              at.style === 'unix' ? `${at.path.includes('=') ? 'path=' : ''}${escaped(at.path)}` : '';
            add('qmp', at.style === 'unix' ? `unix:${path},server=on` : `tcp:[::1]:${at.port},server`);
          } else {
            const data = at.style === 'unix' ? { path: at.path } : { host: '::1', port: String(at.port) };
            const addr = { type: at.style === 'unix' ? 'unix' : 'inet', data };
            const json = { id, backend: { type: 'socket', data: { addr, server: true } } };
            add('mon', `chardev=${id},mode=control`);
            add('chardev', form === 'json' ? JSON.stringify(json) : `socket,id=${id},server=on,${address}`);
          }
        });
        const nil = guest.uuid === null || /^[0-]+$/.test(guest.uuid);
        expect(parseCommandLine(args)).toMatchObject({
          name: guest.name,
          uuid: nil ? null : guest.uuid,
          memoryMiB: guest.memoryMiB,
          vcpus: guest.vcpus,
          machine: guest.machine,
          monitors: guest.monitors.map(({ at }) =>
            at.style === 'unix' ? unix(at.path) : tcp('::1', at.port),
          ),
        });
      }),
      { numRuns: 500 },
    );
  });

  it('never throws and stays within bounds, whatever the arguments are', () => {
    const option = fc.constantFrom(
      '-name',
      '-m',
      '-smp',
      '-qmp',
      '-mon',
      '-chardev',
      '-device',
      '-uuid',
      '-drive',
      '-M',
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.json(),
      fc.stringMatching(
        /^(socket|unix:|tcp:|,|=|id=c|path=|fd=|port=|server|chardev=c|mode=control|[0-9]){0,12}$/,
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(option, value), { maxLength: 60 }), (args) => {
        const read = parseCommandLine(args);
        expect(read.monitors.length).toBeLessThanOrEqual(16);
        expect(read.memoryMiB === null || Number.isSafeInteger(read.memoryMiB)).toBe(true);
        expect(read.vcpus === null || Number.isSafeInteger(read.vcpus)).toBe(true);
      }),
      { numRuns: 600 },
    );
  });

  it('reads the longest arguments that a kernel passes on', () => {
    const length = 128 * 1024; // Linux' MAX_ARG_STRLEN
    const deep = `${'{"a":'.repeat(length / 6)}1${'}'.repeat(length / 6)}`;
    for (const value of [','.repeat(length), 'a='.repeat(length / 2), deep, 'x,,'.repeat(length / 3)]) {
      const args = ['-name', '-chardev', '-drive', '-m', '-smp', '-qmp', '-device'].flatMap((option) => [
        option,
        value,
      ]);
      expect(parseCommandLine(args).monitors).toHaveLength(1);
    }
  });
});
