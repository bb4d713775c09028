/**
 * Who may import whom (ARCHITECTURE.md): power <- guests, alarms, hosts -> hypervisors -> protocols; app.ts
 * wires; ipc and desktop stand outside; renderer and preload know only the contract.
 * @type {import('dependency-cruiser').IConfiguration}
 */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two modules that need each other are one module, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this module, and it imports nothing: delete it or use it.',
      severity: 'error',
      from: { orphan: true, path: '^(main|renderer|preload)/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'no-dead-modules',
      comment: 'The app never loads this module: delete it or use it.',
      severity: 'error',
      from: { path: '^(main/main|preload/preload|renderer/main)\\.tsx?$' },
      to: {
        path: '^(main|renderer|preload)/',
        pathNot: '\\.d\\.ts$|^(main/main|preload/preload|renderer/main)\\.tsx?$',
        reachable: false,
      },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '\\?(raw|url|inline)$' },
    },
    {
      name: 'no-test-code-in-the-app',
      severity: 'error',
      from: { path: '^(main|preload|renderer)/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'electron-at-the-edge',
      comment: 'Only main.ts, ipc, desktop and preload.ts know Electron.',
      severity: 'error',
      from: {
        path: '^(main|preload|renderer)/',
        pathNot: '^(main/main\\.ts|main/(ipc|desktop)/.+|preload/preload\\.ts)$',
      },
      to: { path: '(^|node_modules/)electron(/|$)' },
    },
    {
      name: 'power-is-pure',
      comment: 'The rules import nothing of ours and do no I/O. croner is a calculator: without a function to call it sets no timer.',
      severity: 'error',
      from: { path: '^main/power/' },
      to: { pathNot: '^main/power/|^node_modules/croner/' },
    },
    {
      name: 'storage-knows-no-domain',
      severity: 'error',
      from: { path: '^main/storage/' },
      to: { path: '^(main|preload|renderer)/', pathNot: '^main/(storage/|clock\\.ts$)' },
    },
    {
      name: 'protocols-stand-alone',
      comment: 'A protocol imports its own folder, the helpers beside it and the clock.',
      severity: 'error',
      from: { path: '^main/protocols/([^/]+)/' },
      to: {
        path: '^(main|preload|renderer)/',
        pathNot: '^main/(protocols/$1/|protocols/[^/]+\\.ts$|clock\\.ts$)',
      },
    },
    {
      name: 'protocol-helpers-stand-alone',
      severity: 'error',
      from: { path: '^main/protocols/[^/]+\\.ts$' },
      to: { path: '^(main|preload|renderer)/', pathNot: '^main/(protocols/[^/]+\\.ts$|clock\\.ts$)' },
    },
    {
      name: 'hypervisors-look-down',
      comment: 'A hypervisor speaks protocols and the words of power.',
      severity: 'error',
      from: { path: '^main/hypervisors/' },
      to: {
        path: '^(main|preload|renderer)/',
        pathNot: '^main/((hypervisors|protocols|power)/|clock\\.ts$)',
      },
    },
    {
      name: 'hypervisor-kinds-apart',
      severity: 'error',
      from: { path: '^main/hypervisors/([^/]+)/' },
      to: { path: '^main/hypervisors/[^/]+/', pathNot: '^main/hypervisors/$1/' },
    },
    {
      name: 'clients-by-hypervisor-only',
      comment:
        "Guests, alarms and hosts reach QMP, agents and RPC through a hypervisor; addresses are anybody's.",
      severity: 'error',
      from: { path: '^main/(guests|groups|schedules|alarms|hosts|view|(app|commands)\\.ts|ipc|desktop)', pathNot: '^main/hosts/ssh/' },
      to: { path: '^main/protocols/[^/]+/', pathNot: '^main/protocols/(dbus/|ssh/shell\\.ts$)' },
    },
    {
      name: 'session-bus-by-the-desktop-only',
      from: { path: '^main/', pathNot: '^main/(desktop|protocols/dbus)/' },
      to: { path: '^main/protocols/dbus/' },
    },
    {
      name: 'ssh-by-its-hosts-only',
      comment: 'SSH is how a host is reached: the hosts behind it speak it, and nothing else.',
      severity: 'error',
      from: { path: '^main/(hosts/ssh/|host-book\\.ts$)' },
      to: { path: '^main/protocols/[^/]+/', pathNot: '^main/protocols/ssh/' },
    },
    {
      name: 'hosts-and-alarms-below-guests',
      severity: 'error',
      from: { path: '^main/(hosts|alarms)/' },
      to: { path: '^main/guests/' },
    },
    {
      name: 'schedules-above-guests',
      comment: 'A group acts on guests, a schedule on groups and guests; none of them knows who acts on it.',
      severity: 'error',
      from: { path: '^main/(power|guests|alarms|hosts|hypervisors|protocols|storage)/' },
      to: { path: '^main/(groups|schedules)/' },
    },
    {
      name: 'groups-below-schedules',
      severity: 'error',
      from: { path: '^main/groups/' },
      to: { path: '^main/schedules/' },
    },
    {
      name: 'history-stands-below',
      comment: 'The history is told by guests, hosts that sleep and schedules; it knows power, storage and the clock.',
      severity: 'error',
      from: { path: '^main/history/' },
      to: { path: '^(main|preload|renderer)/', pathNot: '^main/((history|power|storage)/|clock\\.ts$)' },
    },
    {
      name: 'history-told-by-few',
      severity: 'error',
      from: { path: '^main/', pathNot: '^main/((history|guests|host-power|schedules|commands)/|(app|profile|demo-fleet)\\.ts$)' },
      to: { path: '^main/history/' },
    },
    {
      name: 'core-knows-no-window',
      comment:
        'What the app does is free of how it is shown: only view, app.ts, ipc and desktop know the contract.',
      severity: 'error',
      from: { path: '^main/(clock\\.ts|(power|guests|groups|schedules|alarms|hosts|hypervisors|protocols|storage|history|demo)/)' },
      to: { path: '^(preload/|main/(view|ipc|desktop)/|main/(app|main)\\.ts)' },
    },
    {
      name: 'desktop-stands-outside',
      comment: 'app.ts is given what it needs of the desktop; it runs without Electron.',
      severity: 'error',
      from: { path: '^main/', pathNot: '^main/(main\\.ts$|ipc/|desktop/)' },
      to: { path: '^main/(main\\.ts$|ipc/|desktop/)' },
    },
    {
      name: 'demo-by-the-wiring-only',
      severity: 'error',
      from: { path: '^main/', pathNot: '^main/(demo/|demo-fleet\\.ts$)' },
      to: { path: '^main/demo/' },
    },
    {
      name: 'demo-serves-protocols',
      comment: 'The simulated host speaks protocols over real sockets; of hosts it knows the interface.',
      severity: 'error',
      from: { path: '^main/demo/' },
      to: {
        path: '^main/',
        pathNot: '^main/((demo|protocols)/|clock\\.ts$|hosts/(host|discovery/found)\\.ts$)',
      },
    },
    {
      name: 'main-loads-no-preload',
      severity: 'error',
      from: { path: '^main/' },
      to: { path: '^(preload/(?!contract/)|renderer/)' },
    },
    {
      name: 'preload-knows-the-contract',
      comment: 'A sandboxed preload script has no Node, and carries no library.',
      severity: 'error',
      from: { path: '^preload/preload\\.ts$' },
      to: { pathNot: '^preload/contract/|(^|node_modules/)electron(/|$)' },
    },
    {
      name: 'contract-stands-alone',
      severity: 'error',
      from: { path: '^preload/contract/' },
      to: { path: '^(main|renderer)/|^preload/(?!contract/)' },
    },
    {
      name: 'renderer-knows-the-contract',
      severity: 'error',
      from: { path: '^renderer/' },
      to: { path: '^(main|preload)/', pathNot: '^preload/contract/' },
    },
    {
      name: 'renderer-has-no-node',
      severity: 'error',
      from: { path: '^renderer/|^preload/' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(out|dist|test-results)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.d.ts', '.mjs', '.cjs', '.js', '.json', '.css'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
