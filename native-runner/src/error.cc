#include "error.h"

#include <system_error>

namespace strata {
namespace {

std::string fill(std::string text, ErrorParameters parameters) {
  std::string filled;
  size_t at = 0;
  while (at < text.size()) {
    const size_t open = text.find('{', at);
    const size_t close = open == std::string::npos ? open : text.find('}', open);
    if (close == std::string::npos) break;
    filled.append(text, at, open - at);
    const std::string name = text.substr(open + 1, close - open - 1);
    for (const auto &[parameter, value] : parameters)
      if (name == parameter) filled += value;
    at = close + 1;
  }
  return filled.append(text, at, std::string::npos);
}

}  // namespace

Error::Error(const ErrorTemplate &error, ErrorParameters parameters)
    : code_(error.code), text_(fill(error.text, parameters)), next_(fill(error.next, parameters)) {}

std::string system_reason(int error_number) { return std::generic_category().message(error_number); }

}  // namespace strata
