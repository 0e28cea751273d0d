/** A stored condition over an event's `data`; see `compileFilter`. */
export type Filter =
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter }
  | { readonly path: string; readonly eq: FilterValue }
  | { readonly path: string; readonly ne: FilterValue }
  | { readonly path: string; readonly gt: number | string }
  | { readonly path: string; readonly gte: number | string }
  | { readonly path: string; readonly lt: number | string }
  | { readonly path: string; readonly lte: number | string }
  | { readonly path: string; readonly in: readonly FilterValue[] }
  | { readonly path: string; readonly exists: boolean }
  | { readonly path: string; readonly prefix: string }

export type FilterValue = string | number | boolean | null
