/* What the C sources share with Python: structs, enumerations and the version of both.
 *
 * Each is written down once, as a list that is expanded twice: into the declaration, and into the
 * text that `abi()` returns, from which nn/backends/wasm.py builds its ctypes structures. */

#ifndef INKLING_ABI_H
#define INKLING_ABI_H

/* To be raised with every change of a function, a struct or an enumeration, here and in wasm.py. */
#define ABI_VERSION "3"

/* X(constant, name in Python) */
#define ACTIVATIONS(X) \
    X(RELU, relu) X(LEAKY_RELU, leaky-relu) X(TANH, tanh) X(SIGMOID, sigmoid) X(LINEAR, linear)

#define RULES(X) \
    X(SGD, sgd) X(MOMENTUM, momentum) X(NESTEROV, nesterov) X(RMSPROP, rmsprop) X(ADAM, adam)

/* X(type, name); how parameters follow their gradients: the fields of `UpdateRule` in
 * nn/optimizers.py, which explains them. */
#define RULE_FIELDS(X) \
    X(int, kind) X(float, rate) X(float, first) X(float, second) X(float, epsilon) \
    X(float, shrink) X(float, smallest)

/* A dense layer. The bias and its moments may be null; the moments of the weights are null where
 * the rule has none. */
#define LAYER_FIELDS(X) \
    X(int, inputs) X(int, outputs) \
    X(float *, weights) X(float *, bias) \
    X(float *, weights_first) X(float *, weights_second) \
    X(float *, bias_first) X(float *, bias_second) \
    X(float *, activations) /* (count, outputs); of the last layer, the logits */ \
    X(float *, mask) X(float *, dropped) /* (count, outputs) or null: dropout */ \
    X(float *, delta) /* (count, outputs) gradients with respect to the layer's sums */

/* A mini-batch, and what to do with it. */
#define STEP_FIELDS(X) \
    X(struct layer *, layers) X(int, layer_count) X(int, activation) X(int, count) \
    X(const float *, x) /* (count, inputs of the first layer), unless there are bytes */ \
    X(const unsigned char *, bytes) /* null, or what gives the inputs when it is scaled */ \
    X(float *, scaled) /* (count, inputs): a buffer for scaled bytes and selected inputs; x may \
                          be in it, and is then overwritten */ \
    X(int *, runs) /* (inputs + 2,): a buffer for the runs of selected inputs */ \
    X(int, run_count) X(int, used) X(const float *, selected) /* the selection, set by train */ \
    X(const int *, labels) /* (count,), checked by the caller */ \
    X(float, byte_scale) X(float, l1) X(float, l2) \
    X(struct rule, rule) \
    X(struct outcome *, rows) /* (count,): a buffer for the losses of the samples */ \
    X(int, threads) /* that compute the step, in a module with threads; else 1 */ \
    X(float *, work) /* of train_work_size values for each thread */

/* What a mini-batch gave before the update: its mean loss and how many predictions were right. */
#define OUTCOME_FIELDS(X) X(double, loss) X(int, correct)

/* Images of `height` x `width` x `channels` and filters of `kernel` x `kernel`. */
#define CONVOLUTION_FIELDS(X) \
    X(int, count) X(int, height) X(int, width) X(int, channels) X(int, kernel) X(int, filters)

/* Windows of `size` x `size`, `stride` apart, of which there are `rows` x `columns`. */
#define POOLING_FIELDS(X) \
    X(int, count) X(int, height) X(int, width) X(int, channels) X(int, size) X(int, stride) \
    X(int, rows) X(int, columns)

#define DECLARE_FIELD(type, name) type name;
#define DECLARE_CONSTANT(constant, name) constant,

enum activation { ACTIVATIONS(DECLARE_CONSTANT) };
enum rule_kind { RULES(DECLARE_CONSTANT) };
struct rule { RULE_FIELDS(DECLARE_FIELD) };
struct layer { LAYER_FIELDS(DECLARE_FIELD) };
struct outcome { OUTCOME_FIELDS(DECLARE_FIELD) };
struct step { STEP_FIELDS(DECLARE_FIELD) };
struct convolution { CONVOLUTION_FIELDS(DECLARE_FIELD) };
struct pooling { POOLING_FIELDS(DECLARE_FIELD) };

#define DESCRIBE_FIELD(type, name) #type " " #name ";"
#define DESCRIBE_CONSTANT(constant, name) #name ";"

/* One line for each; the first one holds the version. */
#define ABI_TEXT \
    "inkling kernels, interface " ABI_VERSION "\n" \
    "enum activation:" ACTIVATIONS(DESCRIBE_CONSTANT) "\n" \
    "enum rule:" RULES(DESCRIBE_CONSTANT) "\n" \
    "struct rule:" RULE_FIELDS(DESCRIBE_FIELD) "\n" \
    "struct layer:" LAYER_FIELDS(DESCRIBE_FIELD) "\n" \
    "struct step:" STEP_FIELDS(DESCRIBE_FIELD) "\n" \
    "struct outcome:" OUTCOME_FIELDS(DESCRIBE_FIELD) "\n" \
    "struct convolution:" CONVOLUTION_FIELDS(DESCRIBE_FIELD) "\n" \
    "struct pooling:" POOLING_FIELDS(DESCRIBE_FIELD) "\n"

#endif
