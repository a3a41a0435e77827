/** Opens artifacts of both kinds: programs that run by themselves, and models that a host program runs in stages. */
import { readHostModel } from '../artifact/readArtifact';
import type { ModelSession } from './artifactSession';
import { ArtifactSession } from './artifactSession';
import type { StagedSessionOptions } from './staged/stagedSession';
import { StagedSession } from './staged/stagedSession';

/** Throws what reading the artifact and starting the runner throw. */
export async function openSession(artifact: string, options: StagedSessionOptions): Promise<ModelSession> {
  const host = await readHostModel(artifact);
  return host === undefined
    ? ArtifactSession.open(artifact, options)
    : StagedSession.open(artifact, host, options);
}
