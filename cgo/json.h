// A writer for the few JSON documents that cross the boundary.
#ifndef TORCHLIGHT_JSON_H
#define TORCHLIGHT_JSON_H

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace torchlight {

class Json {
 public:
  Json& open(char bracket) { return separate().raw(bracket).first(); }
  Json& close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
  }
  Json& key(const std::string& name) {
    separate().quote(name);
    text_ += ':';
    first_ = true;
    return *this;
  }
  Json& value(const std::string& v) { return separate().quote(v); }
  Json& value(const char* v) { return value(std::string(v)); }
  Json& value(int64_t v) { return separate().raw(std::to_string(v)); }
  Json& value(bool v) { return separate().raw(std::string(v ? "true" : "false")); }
  Json& strings(const std::vector<std::string>& all) {
    open('[');
    for (const auto& s : all) value(s);
    return close(']');
  }
  const std::string& text() const { return text_; }

 private:
  Json& separate() {
    if (!first_) text_ += ',';
    first_ = false;
    return *this;
  }
  Json& first() {
    first_ = true;
    return *this;
  }
  Json& raw(char c) {
    text_ += c;
    return *this;
  }
  Json& raw(const std::string& s) {
    text_ += s;
    return *this;
  }
  Json& quote(const std::string& s) {
    text_ += '"';
    for (char c : s) {
      if (c == '"' || c == '\\') {
        text_ += '\\';
        text_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        char hex[8];
        std::snprintf(hex, sizeof hex, "\\u%04x", c);
        text_ += hex;
      } else {
        text_ += c;
      }
    }
    text_ += '"';
    return *this;
  }

  std::string text_;
  bool first_ = true;
};

}  // namespace torchlight

#endif  // TORCHLIGHT_JSON_H
