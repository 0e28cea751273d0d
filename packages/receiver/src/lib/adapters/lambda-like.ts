type Headers = Readonly<Record<string, string | undefined>>

/** An event of API Gateway: REST API or HTTP API with payload 1.0, HTTP API with payload 2.0, or a function URL. Also one of a load balancer. */
export interface LambdaEvent {
  readonly version?: string
  readonly httpMethod?: string
  readonly requestContext?: { readonly http?: { readonly method?: string } } | object
  readonly headers?: Headers | null
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null
  readonly pathParameters?: Headers | null
  readonly body?: string | null
  readonly isBase64Encoded?: boolean
}

export interface LambdaResult {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly body: string
  readonly isBase64Encoded: false
}
