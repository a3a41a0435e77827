/** Every command of the extension with its title, once; a test compares this table with `package.json`. */
export const commands = {
  'strata.compileModel': 'Compile Model…',
  'strata.tryReferenceModel': 'Try MobileNetV2',
  'strata.cancelCompilation': 'Cancel',
  'strata.removeCompilation': 'Remove',
  'strata.showFailure': 'Show Error',
  'strata.profileModel': 'Profile Model…',
  'strata.openTrace': 'Open Trace…',
  'strata.openZoneLink': 'Open Link to a Zone…',
  'strata.hotOps': 'Hot Ops of This Function…',
  'strata.openProfiler': 'Open Profiler in an Editor',
  'strata.showProfiler': 'Show Profiler',
  'strata.openPassIr': 'Open IR',
  'strata.diffWithPrevious': 'Compare IR with Previous Pass',
  'strata.nextChangedPass': 'Next Changed Pass',
  'strata.previousChangedPass': 'Previous Changed Pass',
  'strata.showInTimeline': 'Show in Timeline',
  'strata.openKernelSource': 'Open Generated C',
  'strata.hideUnchangedPasses': 'Hide Unchanged Passes',
  'strata.showUnchangedPasses': 'Show Unchanged Passes',
  'strata.checkInstallation': 'Check Installation',
  'strata.showLog': 'Show Log',
} as const satisfies Record<string, string>;

export type CommandId = keyof typeof commands;
