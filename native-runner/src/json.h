// Writes one JSON document without line breaks: the replies of the runner.
#ifndef STRATA_JSON_H
#define STRATA_JSON_H

#include <cstdint>
#include <string>
#include <string_view>

namespace strata {

class JsonWriter {
 public:
  JsonWriter &begin_object();
  JsonWriter &end_object();
  JsonWriter &begin_array();
  JsonWriter &end_array();
  JsonWriter &key(std::string_view name);
  JsonWriter &value(std::string_view text);
  JsonWriter &value(const char *text) { return value(std::string_view(text)); }
  JsonWriter &value(uint64_t number);
  JsonWriter &value(int64_t number);
  JsonWriter &value(bool flag);

  const std::string &text() const { return text_; }

 private:
  void separate();

  std::string text_;
  bool needs_comma_ = false;
};

// `text` in quotes, with invalid UTF-8 replaced.
std::string json_string(std::string_view text);

}  // namespace strata

#endif
