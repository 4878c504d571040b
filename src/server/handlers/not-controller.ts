/** What a broker says of a whole request that only the controller can carry out. */
import { ErrorCode, errorMessage } from '../../protocol/error-codes.ts'

export const NOT_CONTROLLER = {
  errorCode: ErrorCode.NOT_CONTROLLER,
  errorMessage: errorMessage(ErrorCode.NOT_CONTROLLER),
}
