/** Addresses of zones: copied from the profiler, opened by the editor (`vscode://…/zone?…`) or "Open Link to a Zone…". */
import path from 'node:path';
import * as vscode from 'vscode';
import type { ZoneRef } from '../protocol/profilerView';
import { editorMessages } from './messages';
import { traceEditorId } from './profilerViews';
import type { ProfilerViews } from './profilerViews';

const extensionId = 'strata.strata';
const zonePath = '/zone';

export interface ZonePlace {
  readonly file: vscode.Uri;
  readonly zone: number;
  readonly name: string;
}

export function zoneAddress(file: vscode.Uri, zone: Pick<ZoneRef, 'zone' | 'name'>): vscode.Uri {
  const query = new URLSearchParams({ file: file.toString(), zone: String(zone.zone), name: zone.name });
  return vscode.Uri.from({
    scheme: vscode.env.uriScheme,
    authority: extensionId,
    path: zonePath,
    query: query.toString(),
  });
}

/** Throws STR0910. */
export function zonePlace(address: vscode.Uri): ZonePlace {
  const query = new URLSearchParams(address.query);
  const [file, zone, name] = [query.get('file'), query.get('zone'), query.get('name')];
  if (address.path !== zonePath || file === null || zone === null || name === null || !/^\d+$/.test(zone))
    throw editorMessages.error('STR0910', { link: address.toString(true) });
  return { file: vscode.Uri.parse(file, true), zone: Number(zone), name };
}

/** Opens the trace of an address where it is not shown already, and selects the zone. Throws STR0910 and STR0911. */
export async function openZoneAddress(address: vscode.Uri, views: ProfilerViews): Promise<void> {
  const { file, zone, name } = zonePlace(address);
  const shown = views.current.runs[0]?.file.toString() === file.toString();
  if (!shown) await vscode.commands.executeCommand('vscode.openWith', file, traceEditorId);
  const endpoint = shown ? await views.show() : await views.endpointOf(file);
  if ((await endpoint?.selectNumber(zone, name)) !== true)
    throw editorMessages.error('STR0911', { zone: name, file: path.basename(file.path) });
}
