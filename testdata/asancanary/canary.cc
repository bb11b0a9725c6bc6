// Reads element n of an array of four on the heap.
extern "C" int tl_canary(int n) {
  int* array = new int[4]();
  int element = array[n];
  delete[] array;
  return element;
}
