/** Reads and changes the settings of the extension. */
import * as vscode from 'vscode';
import type { SettingName, Settings } from './settingDefaults';
import { settingDefaults } from './settingDefaults';

/** The value for `scope`, a file of the workspace where settings may differ per folder. */
export function setting<N extends SettingName>(name: N, scope?: vscode.Uri): Settings[N] {
  return vscode.workspace
    .getConfiguration('strata', scope ?? null)
    .get<Settings[N]>(name, settingDefaults[name]);
}

/** Writes where the value is set already, else for the user. */
export async function changeSetting<N extends SettingName>(name: N, value: Settings[N]): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('strata');
  const inWorkspace = configuration.inspect(name)?.workspaceValue !== undefined;
  await configuration.update(
    name,
    value,
    inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
  );
}

export function onSettingChange(name: SettingName, listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`strata.${name}`)) listener();
  });
}
