import type { Command } from 'commander';
import {
  describeSettings,
  loadSettings,
  settingNames,
  settingsTable,
  showValue,
  type LoadedSettings,
  type Setting,
} from '../../config/index.js';
import { addJsonFlag, addSettingFlags, readSettingFlags } from '../options.js';
import { printJson, TablePrinter, writeOut } from '../output.js';

interface ConfigFlags {
  readonly json?: true;
  readonly markdown?: true;
}

export function addConfigCommand(program: Command): void {
  const config = program.command('config').description('settings of `allsource serve`');
  const show = config.command('show').description('print the settings in force and their origin');
  addSettingFlags(addJsonFlag(show))
    .option('--markdown', 'print the reference of all settings instead')
    .action((flags: ConfigFlags) => showSettings(show, flags));
  const check = config
    .command('check')
    .description('check the settings; exit code 2 if one is bad');
  addSettingFlags(addJsonFlag(check)).action((flags: ConfigFlags) => checkSettings(check, flags));
}

async function showSettings(command: Command, flags: ConfigFlags): Promise<void> {
  if (flags.markdown) {
    await writeOut(describeSettings());
    return;
  }
  const loaded = loadSettings(readSettingFlags(command));
  if (flags.json) {
    await printJson(toDocument(loaded));
    return;
  }
  const table = new TablePrinter([{ title: 'setting' }, { title: 'value' }, { title: 'from' }]);
  await table.print(
    settingNames.map((name) => {
      const { kind, name: origin } = loaded.sources[name];
      const row = settingsTable[name];
      return [row.key, showValue(row, loaded.settings[name]), origin === '' ? kind : origin];
    }),
  );
}

async function checkSettings(command: Command, flags: ConfigFlags): Promise<void> {
  const loaded = loadSettings(readSettingFlags(command));
  if (flags.json) {
    await printJson({ ok: true, file: loaded.file });
    return;
  }
  const file = loaded.file === null ? 'no settings file' : loaded.file;
  await writeOut(`all settings are good (${file}, environment, flags)\n`);
}

function toDocument({ settings, sources, file }: LoadedSettings): unknown {
  const rows = settingNames.map((name) => {
    const { kind, name: origin } = sources[name];
    const from = origin === '' ? kind : origin;
    const row: Setting<unknown> = settingsTable[name];
    const value = row.isSecret === true ? showValue(row, settings[name]) : settings[name];
    return [row.key, { value, from, kind }] as const;
  });
  return { file, settings: Object.fromEntries(rows) };
}
