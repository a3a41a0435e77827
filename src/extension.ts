// The entry of the extension: VS Code calls `activate` once, when a command or view of Strata is first used.

import type * as vscode from 'vscode';

export function activate(_context: vscode.ExtensionContext): void {}

export function deactivate(): void {}
