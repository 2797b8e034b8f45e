import type { paths } from './schema';

/** Every path of the API that can be read with GET. */
export type GetPath = {
  [Path in keyof paths]: paths[Path] extends { get: { responses: Record<200, unknown> } }
    ? Path
    : never;
}[keyof paths];

type Operation<Path extends GetPath> = paths[Path]['get'];

/** The JSON body of a successful response. */
export type Body<Path extends GetPath> =
  Operation<Path> extends { responses: { 200: { content: { 'application/json': infer B } } } }
    ? B
    : never;

/** Path and query parameters, as the API names them. */
export type Params<Path extends GetPath> =
  Operation<Path> extends { parameters: infer P }
    ? Present<P, 'path'> & Present<P, 'query'>
    : never;

type Present<P, Key extends string> =
  P extends Partial<Record<Key, infer Value>>
    ? [Exclude<Value, undefined>] extends [never]
      ? unknown
      : Exclude<Value, undefined>
    : unknown;

export type Method = 'post' | 'put';

/** Every path that can be written to. */
export type WritePath<M extends Method> = {
  [Path in keyof paths]: paths[Path] extends Record<M, { responses: unknown }> ? Path : never;
}[keyof paths];

/** The JSON body of a request; undefined where there is none. */
export type Payload<M extends Method, Path extends WritePath<M>> = paths[Path][M] extends {
  requestBody: { content: { 'application/json': infer B } };
}
  ? B
  : undefined;

/** The JSON body of the answer to it. */
export type Written<M extends Method, Path extends WritePath<M>> = paths[Path][M] extends {
  responses: infer Responses;
}
  ? Answer<Responses>
  : never;

type Answer<Responses> = Responses extends {
  200: { content: { 'application/json': infer B } };
}
  ? B
  : Responses extends { 201: { content: { 'application/json': infer B } } }
    ? B
    : never;

export type CatalogPage = Body<'/api/v1/plans/catalog'>;
export type PlanSummary = CatalogPage['items'][number];
export type PlanType = PlanSummary['plan_type'];
export type RateType = PlanSummary['rate_type'];
export type Plan = Body<'/api/v1/plans/{plan_id}'>;
export type RateStructure = Plan['rate_structure'];
export type Recommendation = Body<'/api/v1/recommendations/{user_id}'>['items'][number];
export type Profile = Body<'/api/v1/users/profile'>;
export type Preferences = Profile['preferences'];
export type UsageHistory = Body<'/api/v1/usage/history'>;
export type UsageMonth = UsageHistory['months'][number];
export type UsageAnalysis = Body<'/api/v1/usage/analysis'>;
export type YearOutlook = NonNullable<UsageAnalysis['projection']>;
