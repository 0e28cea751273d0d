export interface PackedPackage {
  readonly name: string
  readonly tarball: string
}

export function packAll(
  folder: string,
  names?: readonly string[],
): Promise<readonly PackedPackage[]>
