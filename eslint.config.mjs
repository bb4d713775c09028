import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const CORE = ['main/**/*.ts'];
/** Where Electron may be imported; everything else of main runs without it, on Node 18.15. */
const DESKTOP = ['main/main.ts', 'main/ipc/**/*.ts', 'main/desktop/**/*.ts'];
const PRELOAD = 'preload/preload.ts';
const BRIDGE = 'renderer/bridge.ts';
const TESTS = ['test/**/*.{ts,tsx}'];

/** Bans that are written as syntax. A block's list replaces earlier ones, so each block names all of its own. */
const BANS = {
  enums: { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
  windowApi: [
    'MemberExpression[object.name=/^(window|globalThis|self)$/][property.name="api"]',
    'MemberExpression[object.name=/^(window|globalThis|self)$/][property.value="api"]',
    'MemberExpression[property.name="api"] > TSAsExpression.object Identifier[name=/^(window|globalThis|self)$/]',
    'VariableDeclarator[init.name=/^(window|globalThis|self)$/] > ObjectPattern > Property[key.name="api"]',
  ].map((selector) => ({ selector, message: `window.api belongs to ${BRIDGE}: call its functions.` })),
  ipcMain: [
    'MemberExpression[property.name="ipcMain"]',
    'MemberExpression[object.property.name="webContents"][property.name="ipc"]',
    'ImportDeclaration[source.value=/^electron/] > :matches(ImportNamespaceSpecifier, ImportDefaultSpecifier)',
  ].map((selector) => ({
    selector,
    message: 'ipcMain belongs to main/ipc: name what you need of Electron.',
  })),
  /** The clock is injected (main/clock.ts), so that tests own time. */
  time: [
    'CallExpression[callee.object.name="Date"][callee.property.name="now"]',
    'NewExpression[callee.name="Date"][arguments.length=0]',
    'CallExpression[callee.name="Date"]',
    'MemberExpression[object.name="performance"]',
    'MemberExpression[object.name="process"][property.name=/^(hrtime|uptime)$/]',
    'CallExpression[callee.object.name="AbortSignal"][callee.property.name="timeout"]',
    'MemberExpression[object.name="globalThis"][property.name=/^(setTimeout|setInterval|performance|Date)$/]',
  ].map((selector) => ({ selector, message: 'Time is injected: take a Clock (main/clock.ts).' })),
  /** What @types/node 18.19 knows and the oldest runtime's 18.15 does not. */
  newerNode: [
    'CallExpression[callee.object.name="AbortSignal"][callee.property.name="any"]',
    'CallExpression[callee.name=/^(readdir|readdirSync|opendir)$/] Property[key.name="recursive"]',
    'CallExpression[callee.property.name=/^(readdir|readdirSync|opendir)$/] Property[key.name="recursive"]',
    'MemberExpression[property.name="parentPath"]',
  ].map((selector) => ({ selector, message: 'Node 18.15, the oldest runtime, does not have this.' })),
};

const ELECTRON = {
  regex: '^electron(/.*)?$',
  message: 'Electron belongs to main.ts, ipc, desktop and preload.ts; take what you need as an argument.',
};
const IPC_MAIN = { name: 'electron', importNames: ['ipcMain'], message: 'ipcMain belongs to main/ipc.' };
const IPC_RENDERER = {
  name: 'electron',
  importNames: ['ipcRenderer', 'contextBridge'],
  message: `It belongs to ${PRELOAD}.`,
};
const NODE = { regex: '^node:', message: 'There is no Node here.' };
const TIMERS = {
  regex: '^(node:)?(timers(/promises)?|perf_hooks)$',
  message: 'Time is injected: take a Clock.',
};

/** @returns {import('eslint').Linter.RulesRecord} */
const syntax = (/** @type {object[]} */ ...bans) => ({
  'no-restricted-syntax': ['error', BANS.enums, ...bans],
});
/** @returns {import('eslint').Linter.RulesRecord} */
const imports = (/** @type {object[]} */ paths, /** @type {object[]} */ patterns) => ({
  '@typescript-eslint/no-restricted-imports': ['error', { paths, patterns }],
});

export default tseslint.config(
  { ignores: ['out/', 'dist/', '.cache/', 'test-results/', 'scripts/types/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx,mts}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['core', 'electron', 'renderer', 'test'].map((name) => `tsconfig.${name}.json`),
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-undef': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      'no-misleading-character-class': ['error', { allowEscape: true }],
      // Cleaning text of control characters is what some modules are for; spreading a string takes its code
      // points.
      'no-control-regex': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      // A function may be async because its interface is.
      '@typescript-eslint/require-await': 'off',
      // Objects here are closures: no method uses `this`.
      '@typescript-eslint/unbound-method': 'off',
      // `return done();` and `() => void act()` are meant.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      // They take what was narrowed from `unknown`, and rows of a type table, for objects.
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/no-generated-empty-object-type': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      ...syntax(),
    },
  },
  {
    files: CORE,
    ignores: DESKTOP,
    rules: {
      ...imports([], [ELECTRON, TIMERS]),
      ...syntax(...BANS.time, ...BANS.newerNode),
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval'].map((name) => ({
          name,
          message: 'Time is injected: take a Clock.',
        })),
      ],
    },
  },
  {
    // Where time comes from, and where a disk is waited for.
    files: ['main/clock.ts', 'main/storage/**/*.ts'],
    rules: { 'no-restricted-globals': 'off', ...syntax(...BANS.newerNode) },
  },
  {
    files: DESKTOP,
    rules: { ...imports([IPC_MAIN, IPC_RENDERER], []), ...syntax(...BANS.ipcMain, ...BANS.newerNode) },
  },
  { files: ['main/ipc/**/*.ts'], rules: { ...imports([IPC_RENDERER], []), ...syntax(...BANS.newerNode) } },
  { files: ['preload/**/*.ts'], rules: { ...imports([IPC_MAIN], [NODE]) } },
  { files: ['preload/contract/**/*.ts'], rules: { ...imports([], [ELECTRON, NODE]) } },
  {
    files: ['renderer/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat['recommended-latest']],
    rules: { ...imports([], [ELECTRON, NODE]), ...syntax(...BANS.windowApi) },
  },
  { files: [BRIDGE], rules: { ...syntax() } },
  {
    files: TESTS,
    rules: {
      // Tests build what cannot be, and a wrong assumption fails them anyway.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      // expect.any() and its like are of type any; `app?.stop()` runs where beforeAll has failed, too.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
    },
  },
  {
    // The scripts' types are checked by tsc (tsconfig.test.json).
    files: ['**/*.{mjs,cjs,js}'],
    rules: { 'no-undef': 'off', eqeqeq: ['error', 'always', { null: 'ignore' }] },
  },
);
