"""Nets that ``accelerate`` trains, in one process or in several together."""

from copy import copy
from functools import partial

from skorch.callbacks import LRScheduler
from skorch.hf import AccelerateMixin  # does not import accelerate
from skorch.utils import noop


def is_accelerated(net):
    """Whether ``accelerate`` trains a net."""
    return isinstance(net, AccelerateMixin)


class NoAccelerator:
    """Replaces the accelerator of a net that runs in one process."""

    device_placement = False
    is_main_process = True

    def prepare(self, part):
        return part

    def gather_for_metrics(self, outputs):
        return outputs

    def wait_for_everyone(self):
        pass


def set_up_accelerator(net, device):
    accelerator = net.accelerator
    if isinstance(accelerator, NoAccelerator):
        raise ValueError(
            "The classifier gave up its accelerator when DynamicsCollector trained it. Pass a net "
            "that is not trained."
        )
    if device != "auto":
        raise ValueError(
            f"device={device!r}, but the classifier's accelerator says where to train. Leave "
            "device='auto'."
        )
    if accelerator.dispatch_batches:
        raise ValueError(
            "The classifier's accelerator makes batches in one process for all of them "
            "(dispatch_batches=True), where rows lose their positions. Set dispatch_batches=False."
        )
    if accelerator.num_processes > 1 and not accelerator.even_batches:
        raise ValueError(
            "The classifier's accelerator gives some processes fewer batches than others "
            "(even_batches=False), so that the others wait for ever. Set even_batches=True."
        )
    # NB: cloning a net does not copy its accelerator, which holds on to all that it ever prepared.
    own = copy(accelerator)
    own.free_memory()
    own.prepare_model = partial(_prepare_model, own.prepare_model)
    net.set_params(accelerator=own, unwrap_after_train=True)
    if net.callbacks__print_log__sink == "auto":  # would keep hold of the accelerator
        net.callbacks__print_log__sink = print if accelerator.is_local_main_process else noop


def _prepare_model(prepare, module, **kwargs):
    # NB: on CPUs accelerate shares also what has no parameters, as criteria, which torch refuses.
    learns = any(parameter.requires_grad for parameter in module.parameters())
    return prepare(module, evaluation_mode=not learns, **kwargs)


def device_of(net):
    """The device that a net computes on."""
    if net.device is None and is_accelerated(net):
        return net.accelerator.device.type
    return net.device


def n_processes_of(net):
    """Number of processes that train a net together, each on its share of the batches."""
    return net.accelerator.num_processes if is_accelerated(net) else 1


def gather(net, tensor):
    """Stack the tensors of all processes that train a net, (n_processes, ...)."""
    if n_processes_of(net) == 1:
        return tensor[None]
    return net.accelerator.gather(tensor[None].contiguous())


def evaluate(net, batch):
    """Put a batch through a net in evaluation mode, in this process."""
    if not is_accelerated(net):
        return net.evaluation_step(batch)
    batch = batch.to(device_of(net))
    # NB: the accelerator would gather the outputs of all processes.
    accelerator, net.accelerator = net.accelerator, NoAccelerator()
    try:
        return net.evaluation_step(batch)
    finally:
        net.accelerator = accelerator


def weights_of(net):
    """Copy the module's state to the CPU, the same in all processes that train the net."""
    return {name: value.to("cpu", copy=True) for name, value in _shared_state(net).items()}


def _shared_state(net):
    module = net.module_
    if is_accelerated(net):
        module = net.accelerator.unwrap_model(module)
    state = module.state_dict()
    # Parameters are alike; averages of batch normalization follow each process's own batches.
    for name, _ in module.named_buffers():
        if name in state:
            state[name] = gather(net, state[name])[0]
    return state


def drop_schedules(net):
    """Drop the learning rate schedules of a training, which hold the optimizer's tensors."""
    for _, callback in net.callbacks_:
        if isinstance(callback, LRScheduler):  # a training makes its own
            vars(callback).pop("lr_scheduler_", None)


def detach_accelerator(net):
    """Take the accelerator from a trained net, so that each process can use and pickle its own."""
    if not is_accelerated(net):
        return
    net.module_.load_state_dict(_shared_state(net))
    for name in net._optimizers:
        optimizer = getattr(net, name + "_")
        setattr(net, name + "_", getattr(optimizer, "optimizer", optimizer))
    drop_schedules(net)
    net.device, net.accelerator = device_of(net), NoAccelerator()
